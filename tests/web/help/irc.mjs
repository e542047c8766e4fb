// Somebody who comes by IRC over TCP: lines, and nothing that guesses.
import net from "node:net";
import { endLater, eventually } from "./qun.mjs";

export class Irc {
  static async enter(port, nick, room = "#lobby") {
    const irc = new Irc();
    endLater(irc);
    irc.lines = [];
    irc.buffer = "";
    irc.socket = net.connect(port, "127.0.0.1");
    irc.socket.setEncoding("utf8");
    irc.socket.on("error", () => {});
    irc.socket.on("data", (data) => irc.take(data));
    irc.send(`NICK ${nick}`, "USER u 0 * :r", `JOIN ${room}`);
    await irc.find(` 366 `);
    return irc;
  }

  take(data) {
    const lines = (this.buffer + data).split("\r\n");
    this.buffer = lines.pop();
    for (const line of lines) {
      this.lines.push(line);
      if (line.startsWith("PING")) {
        this.send(line.replace("PING", "PONG"));
      }
    }
  }

  send(...lines) {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(""));
  }

  find(part) {
    return eventually(() => this.lines.find((line) => line.includes(part)), () => `${part} in ${this.lines.slice(-5)}`);
  }

  /** What it heard said in rooms. */
  heard() {
    return this.lines.filter((line) => / PRIVMSG #/.test(line)).map((line) => line.slice(line.indexOf(" :", 1) + 2));
  }

  close() {
    this.socket.destroy();
  }

  stop() {
    this.close();
  }
}
