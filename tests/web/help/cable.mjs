// A cable to the server that can be cut: while it is, nothing passes, and nobody is told.
import net from "node:net";
import { endLater } from "./qun.mjs";

export class Cable {
  static async lay(port) {
    const cable = new Cable();
    endLater(cable);
    cable.pairs = new Set();
    cable.isCut = false;
    cable.server = net.createServer((near) => cable.join(near, port));
    await new Promise((resolve) => cable.server.listen(0, "127.0.0.1", resolve));
    cable.port = cable.server.address().port;
    return cable;
  }

  join(near, port) {
    const far = net.connect(port, "127.0.0.1");
    const pair = [near, far];
    this.pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (data) => this.isCut || to.write(data)); // What is sent into a cut cable is lost.
      from.on("error", () => {});
      from.on("close", () => {
        this.pairs.delete(pair);
        if (!this.isCut) {
          to.destroy();
        }
      });
    }
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  cut() {
    this.isCut = true;
  }

  /** It is whole again, for new connections; the old ones were lost with what was in them. */
  mend() {
    this.isCut = false;
    this.pairs.forEach((pair) => pair.forEach((socket) => socket.destroy()));
  }

  stop() {
    this.pairs.forEach((pair) => pair.forEach((socket) => socket.destroy()));
    this.server.close();
  }
}
