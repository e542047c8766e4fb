// One connection after the other: WebSocket, the way in (CAP, SASL, SESSION), questions and their
// answers (labels), batches, and whether the other end is still there. It begins again by itself,
// until it is told to stop.
//
// Events: "line" (detail: a message, see irc.js; of a batch that is whole: {batch, lines}), "in" (one
// is in; detail: {resumed}), "state" (this.state), "refused" (detail: {code, text}: it is no use to
// go on by itself).
import { format, parse, randomWord } from "./irc.js";

const WANTED = [
  "qun/session", "account-notify", "account-tag", "away-notify", "batch", "cap-notify",
  "draft/account-registration", "draft/channel-rename", "draft/chathistory", "draft/event-playback",
  "draft/message-redaction", "draft/multiline", "draft/read-marker", "echo-message", "extended-join",
  "invite-notify", "labeled-response", "message-tags", "multi-prefix", "sasl", "server-time",
  "setname", "soju.im/search", "standard-replies",
];

const QUIET_MS = 20000; // After so long without a word the other end is asked whether it is there,
const PATIENCE_MS = 8000; // and has so long to answer.
const AGAIN_MS_MIN = 250;
const AGAIN_MS_MAX = 15000;

/** SASL PLAIN, in pieces of 400. */
function* plainPieces(name, password) {
  const bytes = new TextEncoder().encode(`\0${name}\0${password}`);
  const text = btoa(String.fromCharCode(...bytes));
  for (let at = 0; at < text.length; at += 400) {
    yield text.slice(at, at + 400);
  }
  if (text.length % 400 === 0) {
    yield "+";
  }
}

export class Link extends EventTarget {
  /** `token`: of the session (SESSION); the same as before goes on with that. */
  constructor(url, token) {
    super();
    this.url = url;
    this.token = token;
    this.state = "idle"; // "connecting", "in", "waiting"
    this.nick = "";
    this.name = "";
    this.password = "";
    this.capabilities = new Set();
    this.support = new Map();
    this.asked = new Map(); // label → {resolve, lines}
    this.batches = new Map();
    this.labels = 0;
    this.failures = 0;
    this.socket = null;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        this.hurry();
      }
    });
  }

  can(capability) {
    return this.capabilities.has(capability);
  }

  start(name, password = "") {
    this.name = name;
    this.password = password;
    this.failures = 0;
    this.#drop();
    this.#connect();
  }

  /** Says goodbye, and does not come back by itself. */
  stop(why) {
    this.send(format(["QUIT", why]));
    this.#drop();
    this.#become("idle");
  }

  /** The machine may have slept, or moved to another network. */
  hurry() {
    if (this.state === "waiting") {
      this.#connect();
    } else if (this.state === "in") {
      this.#probe();
    }
  }

  send(line) {
    const isOpen = this.socket?.readyState === WebSocket.OPEN;
    if (isOpen) {
      this.socket.send(line);
    }
    return isOpen;
  }

  /**
   * Asks, and resolves with all lines that answer it: [message or {batch, lines}, ...]; or null, if the
   * connection breaks before.
   */
  ask(words, tags = {}, before = [], after = []) {
    const label = `q${++this.labels}`;
    return new Promise((resolve) => {
      const lines = [format(words, { ...tags, label }), ...before, ...after];
      this.asked.set(label, resolve);
      if (!lines.every((line) => this.send(line))) {
        this.asked.delete(label);
        resolve(null);
      }
    });
  }

  // ---- a connection

  #become(state) {
    if (this.state !== state) {
      this.state = state;
      this.dispatchEvent(new Event("state"));
    }
  }

  #drop() {
    clearTimeout(this.timer);
    clearTimeout(this.againTimer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    const asked = [...this.asked.values()];
    this.asked.clear();
    this.batches.clear();
    asked.forEach((resolve) => resolve(null));
  }

  #connect() {
    this.#drop();
    this.#become("connecting");
    const socket = new WebSocket(this.url, ["text.ircv3.net"]);
    this.socket = socket;
    this.capabilities.clear();
    this.resumed = false;
    this.isIn = false;
    socket.onopen = () => {
      this.send("CAP LS 302");
      this.#isAlive();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) {
        this.#isAlive();
        this.#take(parse(event.data));
      }
    };
    socket.onclose = () => {
      if (this.socket === socket) {
        this.#again();
      }
    };
    this.timer = setTimeout(() => this.#again(), PATIENCE_MS);
  }

  #again() {
    this.#drop();
    this.#become("waiting");
    const most = Math.min(AGAIN_MS_MIN * 2 ** this.failures++, AGAIN_MS_MAX);
    this.againTimer = setTimeout(() => this.#connect(), most * (0.5 + Math.random() / 2));
  }

  #isAlive() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#probe(), QUIET_MS);
  }

  #probe() {
    clearTimeout(this.timer);
    this.send(format(["PING", randomWord()]));
    this.timer = setTimeout(() => this.#again(), PATIENCE_MS);
  }

  // ---- the way in

  #refuse(code, text) {
    this.#drop();
    this.#become("idle");
    this.dispatchEvent(new CustomEvent("refused", { detail: { code, text } }));
  }

  #takeCap(message) {
    const [, verb, ...rest] = message.params;
    const words = rest[rest.length - 1].split(" ").filter((word) => word !== "");
    if (verb === "LS") {
      this.offered = [...(this.offered ?? []), ...words.map((word) => word.split("=")[0])];
      if (rest[0] !== "*" || rest.length < 2) {
        const wanted = WANTED.filter((word) => this.offered.includes(word));
        this.offered = undefined;
        this.send(format(["CAP", "REQ", wanted.join(" ")]));
      }
    } else if (verb === "ACK") {
      words.forEach((word) => this.capabilities.add(word));
      if (!this.isIn) {
        this.#enter();
      }
    } else if (verb === "DEL") {
      words.forEach((word) => this.capabilities.delete(word));
    }
  }

  #enter() {
    if (this.can("qun/session")) {
      this.send(format(["SESSION", this.token]));
    }
    this.send(format(["NICK", this.name]));
    this.send(format(["USER", "web", "0", "*", this.name]));
    if (this.password !== "" && this.can("sasl")) {
      this.send("AUTHENTICATE PLAIN");
    } else {
      this.send("CAP END");
    }
  }

  #takeEarly(message) {
    const { command, params } = message;
    if (command === "AUTHENTICATE" && params[0] === "+") {
      for (const piece of plainPieces(this.name, this.password)) {
        this.send(format(["AUTHENTICATE", piece]));
      }
    } else if (command === "903") {
      this.send("CAP END");
    } else if (["902", "904", "905", "908"].includes(command)) {
      this.#refuse("password", params[params.length - 1]);
    } else if (command === "433" || command === "432" || command === "ERROR" || command === "465") {
      this.#refuse(command === "433" ? "taken" : command, params[params.length - 1]);
    } else if (command === "SESSION") {
      this.resumed = params[0] === "RESUMED";
    } else if (command === "001") {
      this.nick = params[0];
    } else if (command === "005") {
      for (const word of params.slice(1, -1)) {
        const [key, value] = word.split("=");
        this.support.set(key, value ?? "");
      }
    } else if (command === "376" || command === "422") {
      this.isIn = true;
      this.failures = 0;
      this.#become("in");
      this.dispatchEvent(new CustomEvent("in", { detail: { resumed: this.resumed } }));
    }
  }

  // ---- lines

  #take(message) {
    if (message.command === "PING") {
      this.send(format(["PONG", ...message.params]));
    } else if (message.command === "CAP") {
      this.#takeCap(message);
    } else if (message.command !== "PONG") {
      if (!this.isIn) {
        this.#takeEarly(message);
      }
      this.#file(message);
    }
  }

  /** To the batch that it belongs to, or to whoever listens. */
  #file(message) {
    const { command, params, tags } = message;
    if (command === "BATCH" && params[0][0] === "+") {
      this.batches.set(params[0].slice(1), { batch: message, lines: [] });
      return;
    }
    let whole = message;
    let first = message;
    if (command === "BATCH") {
      whole = this.batches.get(params[0].slice(1));
      this.batches.delete(params[0].slice(1));
      if (whole === undefined) {
        return;
      }
      first = whole.batch;
    }
    const outer = this.batches.get(first.tags.batch);
    if (outer !== undefined) {
      outer.lines.push(whole);
      return;
    }
    const label = (whole === message ? tags : first.tags).label;
    const isAnswer = whole !== message && first.params[1] === "labeled-response";
    const lines = isAnswer ? whole.lines : [whole];
    const resolve = this.asked.get(label);
    this.asked.delete(label);
    for (const line of lines) {
      this.dispatchEvent(new CustomEvent("line", { detail: line }));
    }
    resolve?.(lines);
  }
}
