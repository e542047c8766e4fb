// A server of qun's own: on a port that is free, in a folder of its own; everything ends with the test.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../../..", import.meta.url));
const BINARY = process.env.QUN_BINARY ?? path.join(TOP, "build/qun");
export const PATIENCE_MS = 20000;

const running = new Set();

/** Ends all servers and cables of a test file, whatever became of its tests. */
export async function endAll() {
  await Promise.all([...running].map((it) => it.stop()));
}

export function endLater(it) {
  running.add(it);
}

/** Waits until this is true (or a value), and returns it; looks again whenever there may be news. */
export async function eventually(look, what, patienceMs = PATIENCE_MS) {
  const until = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    if (Date.now() > until) {
      throw new Error(`waited in vain for ${typeof what === "function" ? what() : what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Qun {
  static async start(...options) {
    const server = new Qun();
    endLater(server);
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), "qun-web-"));
    fs.chmodSync(server.folder, 0o755); // It gives up its privileges.
    server.data = path.join(server.folder, "data");
    server.port = await freePort();
    server.options = options;
    await server.run();
    return server;
  }

  async run() {
    const words = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data", this.data, ...this.options];
    this.process = spawn(BINARY, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.errors = "";
    this.process.stderr.on("data", (data) => { this.errors += data; });
    this.ended = new Promise((resolve) => this.process.once("exit", resolve));
    let words_out = "";
    await new Promise((resolve, reject) => {
      this.process.stdout.on("data", (data) => {
        words_out += data;
        if (words_out.includes("qun: ready")) {
          resolve();
        }
      });
      this.process.once("exit", () => reject(new Error(`qun ended: ${this.errors}`)));
    });
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Its processes: [{pid, name}]. */
  processes() {
    const found = spawnSync("ps", ["-o", "pid=,args=", "--sid", String(this.process.pid)], { encoding: "utf8" });
    return found.stdout.split("\n").filter((line) => line.trim() !== "").map((line) => {
      const [, pid, name] = /^\s*(\d+) (.*)$/.exec(line);
      return { pid: Number(pid), name };
    });
  }

  /** All at once, with -9; then it is started again. */
  async killAllAndRestart() {
    const all = this.processes();
    all.forEach(({ pid }) => kill(pid, "SIGSTOP"));
    all.forEach(({ pid }) => kill(pid, "SIGKILL"));
    await this.ended;
    await eventually(() => this.processes().length === 0, "the end of all processes");
    await this.run();
  }

  admin(...words) {
    const done = spawnSync(BINARY, ["admin", "--data", this.data, ...words], { encoding: "utf8" });
    if (done.status !== 0) {
      throw new Error(`qun admin ${words.join(" ")}: ${done.stderr}`);
    }
    return done.stdout;
  }

  /** What `qun history` says was said: [{name, text}]. */
  history(...words) {
    const done = spawnSync(BINARY, ["history", "--data", this.data, "--json", ...words],
                           { encoding: "utf8", maxBuffer: 1 << 28 });
    return done.stdout.trim().split("\n").map((line) => JSON.parse(line)).filter((it) => it.kind === "said");
  }

  async stop() {
    running.delete(this);
    if (this.process?.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGTERM");
      await this.ended;
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}
