// The client: what the lines mean. It has the rooms (room.js) and a link (link.js), and says what
// changed; how that looks is view.js's.
//
// Events: "rooms" (which there are, who is there, what is unread), "room" (detail: a Room, in which
// something was said or changed), "state" (of the link), "refused", "notice" (detail: a text for people),
// "arrived" (detail: {room, item}: somebody said something just now).
import { byteLength, cut, fold, format, isRoomName, randomWord, seqOf } from "./irc.js";
import { Link } from "./link.js";
import { Room } from "./room.js";

export const LOBBY = "#lobby";
export const TEXT_BYTES_MAX = 4096;
export const TEXT_LINES_MAX = 100;
const LINE_BYTES_MAX = 350; // Of text, in a line of 512 with the longest names.
const PAGE = 100;
const TYPING_EVERY_MS = 3000;
const AGAIN_MS = 1000;

const EVENTS = { JOIN: "join", PART: "part", QUIT: "quit", KICK: "kick", NICK: "nick", TOPIC: "topic", RENAME: "renamed" };

export class Chat extends EventTarget {
  /** `memory`: get(key), set(key, value); `session`: the same, for this tab alone. */
  constructor(url, memory, session) {
    super();
    this.memory = memory;
    this.session = session;
    this.rooms = new Map();
    let token = session.get("token");
    if (token === null) {
      token = randomWord();
      session.set("token", token);
    }
    this.link = new Link(url, token);
    this.outbox = session.get("outbox") ?? []; // {key, target, text, reply, timeMs}, oldest first
    this.typingSent = new Map();
    this.link.addEventListener("line", (event) => this.#take(event.detail, false));
    this.link.addEventListener("in", () => this.#cameIn());
    this.link.addEventListener("state", () => this.#say("state"));
    this.link.addEventListener("refused", (event) => this.#say("refused", event.detail));
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get nick() {
    return this.link.nick || this.link.name;
  }

  isOwn(item) {
    return item.isOwn || fold(item.nick) === fold(this.nick);
  }

  /** The room, or the conversation with a person; made if need be. */
  room(name) {
    let room = this.rooms.get(fold(name));
    if (room === undefined) {
      room = new Room(name);
      this.rooms.set(fold(name), room);
      for (const sent of this.outbox.filter((it) => fold(it.target) === fold(name))) {
        this.#showOwn(room, sent);
      }
      this.#remember();
      this.#say("rooms");
    }
    return room;
  }

  forget(room) {
    this.rooms.delete(fold(room.name));
    this.#remember();
    this.#say("rooms");
  }

  #remember() {
    this.memory.set("rooms", [...this.rooms.values()].map((room) => room.name));
  }

  // ---- coming in

  start(name, password) {
    for (const known of this.memory.get("rooms") ?? []) {
      this.room(known);
    }
    this.room(LOBBY);
    this.link.start(name, password);
  }

  async #cameIn() {
    this.memory.set("name", this.nick);
    const wanted = [...this.rooms.values()].filter((room) => room.isRoom);
    wanted.forEach((room) => room.members.clear());
    wanted.forEach((room) => this.link.send(format(["JOIN", room.name])));
    this.#sendOutbox();
    await this.#fillPeople();
    for (const room of [...this.rooms.values()].filter((it) => !it.isRoom)) {
      this.link.send(format(["MARKREAD", room.name]));
      await this.fill(room);
    }
    this.#say("state");
  }

  /** Whoever wrote to one meanwhile. */
  async #fillPeople() {
    const sinceMs = this.memory.get("seenMs") ?? Date.now() - 30 * 86400000;
    const words = ["CHATHISTORY", "TARGETS", timestamp(sinceMs), timestamp(Date.now() + 60000), "50"];
    const [answer] = (await this.link.ask(words)) ?? [];
    for (const line of answer?.lines ?? []) {
      const name = line.params[1];
      if (line.params[0] === "TARGETS" && !isRoomName(name)) {
        this.room(name);
      }
    }
  }

  // ---- history

  /** Takes a page of it in: {count, last (msgid)}; null: the connection broke. */
  async #page(room, words) {
    const answer = await this.link.ask(["CHATHISTORY", ...words, String(PAGE)]);
    if (answer === null) {
      return null;
    }
    const lines = answer.find((line) => line.batch !== undefined)?.lines ?? [];
    lines.forEach((line) => this.#take(line, true, room));
    const last = lines.findLast((line) => (line.batch ?? line).tags.msgid !== undefined);
    return { count: lines.length, last: last && (last.batch ?? last).tags.msgid };
  }

  /** What was missed since what one has; or the last lines. */
  async fill(room) {
    if (room.isFilling) {
      return;
    }
    room.isFilling = true;
    let page = null;
    if (room.settled === undefined) {
      page = await this.#page(room, ["LATEST", room.name, "*"]);
      room.hasAll = page?.count === 0;
    } else {
      let after = room.settled;
      do {
        page = await this.#page(room, ["AFTER", room.name, `msgid=${after}`]);
        after = page?.last;
      } while (after !== undefined);
    }
    room.isFilling = false;
    if (page !== null) {
      room.settled = room.newest?.msgid;
    }
    this.#noteSeen(room);
    this.#say("room", room);
    this.#say("rooms");
  }

  /** One more page at the upper end. */
  async older(room) {
    const oldest = room.oldest;
    if (room.hasAll || room.isFilling || oldest === undefined) {
      return;
    }
    room.isFilling = true;
    const page = await this.#page(room, ["BEFORE", room.name, `msgid=${oldest.msgid}`]);
    room.isFilling = false;
    if (page !== null) {
      room.hasAll = page.count === 0;
      this.#say("room", room);
    }
  }

  /** Until this message is here, and all behind it. */
  async reach(room, msgid) {
    while (!room.byMsgid.has(msgid) && !room.hasAll && this.link.state === "in") {
      if (room.isFilling) {
        await new Promise((resolve) => this.addEventListener("room", resolve, { once: true }));
      } else {
        await this.older(room);
      }
    }
  }

  #noteSeen(room) {
    const newest = room.newest?.timeMs ?? 0;
    if (newest > (this.memory.get("seenMs") ?? 0)) {
      this.memory.set("seenMs", newest);
    }
  }

  /** Messages of the room in which these words are, the newest first; null: that cannot be had. */
  async search(room, text) {
    const attributes = [`in=${room.name}`, `text=${text}`, "limit=50"]
      .map((it) => it.replace(/[; \\]/g, (c) => ({ ";": "\\:", " ": "\\s", "\\": "\\\\" })[c]))
      .join(";");
    const answer = await this.link.ask(["SEARCH", attributes]);
    const lines = answer?.find((line) => line.batch !== undefined)?.lines;
    return lines?.map((line) => this.#itemOf(line)).filter((item) => item?.isSpoken) ?? null;
  }

  // ---- saying

  /** Says it in the room; `reply` is a msgid, or undefined. */
  say(room, text, reply) {
    const sent = { key: randomWord(), target: room.name, text, reply, timeMs: Date.now() };
    this.outbox.push(sent);
    this.#keepOutbox();
    this.#showOwn(room, sent);
    this.typingSent.delete(room.name);
    this.#say("room", room);
    this.#send(sent);
  }

  #showOwn(room, sent) {
    room.addOwn({
      key: sent.key, kind: "said", isSpoken: true, isOwn: true, nick: this.nick, text: sent.text,
      reply: sent.reply, timeMs: sent.timeMs, state: sent.failed === undefined ? "sending" : "failed",
      why: sent.failed,
    });
  }

  #keepOutbox() {
    this.session.set("outbox", this.outbox);
  }

  /** Again, in the order in which they were said: what is there already is not said twice. */
  #sendOutbox() {
    this.outbox.filter((sent) => sent.failed === undefined).forEach((sent) => this.#send(sent));
  }

  again(room, item) {
    const sent = this.outbox.find((it) => it.key === item.key);
    sent.failed = undefined;
    item.state = "sending";
    this.#keepOutbox();
    this.#say("room", room);
    this.#send(sent);
  }

  giveUp(room, item) {
    this.outbox = this.outbox.filter((it) => it.key !== item.key);
    this.#keepOutbox();
    room.remove(item);
    this.#say("room", room);
  }

  async #send(sent) {
    if (this.link.state !== "in") {
      return;
    }
    const tags = { "qun/key": sent.key, ...(sent.reply === undefined ? {} : { "+draft/reply": sent.reply }) };
    const lines = linesOf(sent);
    const answer = lines === null
      ? await this.link.ask(["PRIVMSG", sent.target, sent.text], tags)
      : await this.link.ask(["BATCH", `+${sent.key.slice(0, 8)}`, "draft/multiline", sent.target], tags,
                            lines, [`BATCH -${sent.key.slice(0, 8)}`]);
    if (answer !== null) {
      this.#answered(sent, answer);
    }
  }

  #answered(sent, answer) {
    const room = this.room(sent.target);
    const item = room.items.find((it) => it.key === sent.key);
    const found = answer.map((line) => msgidOf(line)).find((it) => it !== undefined);
    const refusal = answer.find((line) => /^([45]\d\d|FAIL)$/.test(line.command ?? ""));
    const isUnknown = answer.length === 0 || answer.some((line) => line.command === "263" || line.params?.[1] === "ANSWER_LOST");
    if (found === undefined && isUnknown) {
      setTimeout(() => this.#send(sent), AGAIN_MS); // The server is busy, or does not know what became of it.
      return;
    }
    if (found !== undefined) {
      this.outbox = this.outbox.filter((it) => it.key !== sent.key);
      if (item !== undefined) {
        room.settle(item, found.msgid, found.timeMs);
      }
    } else if (refusal !== undefined) {
      sent.failed = refusal.params[refusal.params.length - 1];
      Object.assign(item ?? {}, { state: "failed", why: sent.failed });
    } else if (!isRoomName(sent.target) && fold(sent.target) === fold(this.nick)) {
      this.outbox = this.outbox.filter((it) => it.key !== sent.key); // To oneself: kept nowhere.
      item.state = "kept";
    }
    this.#keepOutbox();
    this.#say("room", room);
  }

  react(room, item, emoji) {
    const has = item.reactions.get(emoji)?.has(this.nick) === true;
    const tags = { "+draft/reply": item.msgid, [has ? "+draft/unreact" : "+draft/react"]: emoji };
    return this.link.ask(["TAGMSG", room.name], { ...tags, "qun/key": randomWord() });
  }

  async takeBack(room, item) {
    const answer = await this.link.ask(["REDACT", room.name, item.msgid]);
    const refusal = answer?.find((line) => line.command === "FAIL");
    if (refusal !== undefined) {
      this.#say("notice", refusal.params[refusal.params.length - 1]);
    }
  }

  typing(room, isTyping) {
    const now = Date.now();
    const last = this.typingSent.get(room.name) ?? 0;
    if (isTyping && now - last > TYPING_EVERY_MS) {
      this.typingSent.set(room.name, now);
      this.link.send(format(["TAGMSG", room.name], { "+typing": "active" }));
    } else if (!isTyping && last !== 0) {
      this.typingSent.delete(room.name);
      this.link.send(format(["TAGMSG", room.name], { "+typing": "done" }));
    }
  }

  markRead(room) {
    const newest = room.newest;
    if (newest !== undefined && newest.timeMs > room.markMs) {
      room.markMs = newest.timeMs;
      this.link.send(format(["MARKREAD", room.name, timestamp(newest.timeMs)]));
      this.#say("rooms");
    }
  }

  // ---- rooms and people

  join(name) {
    const room = this.room(isRoomName(name) ? name : `#${name}`);
    this.link.send(format(["JOIN", room.name]));
    return room;
  }

  leave(room) {
    if (room.isRoom) {
      this.link.send(format(["PART", room.name]));
    }
    this.forget(room);
  }

  /** [{name, count, topic}], the largest first. */
  async list() {
    const found = [];
    const take = (event) => {
      const { command, params } = event.detail;
      if (command === "322") {
        found.push({ name: params[1], count: Number(params[2]), topic: params[3] ?? "" });
      }
    };
    this.link.addEventListener("line", take);
    await this.link.ask(["LIST"]);
    this.link.removeEventListener("line", take);
    return found.sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  }

  /** The first refusal's words, or "". */
  async command(words) {
    const answer = await this.link.ask(words);
    const refusal = answer?.find((line) => /^([45]\d\d|FAIL)$/.test(line.command ?? ""));
    return refusal === undefined ? "" : refusal.params[refusal.params.length - 1];
  }

  // ---- hearing

  /** An item of what is said or happens in a room; undefined: it is neither. */
  #itemOf(line) {
    const message = line.batch ?? line;
    const { command, params, tags, nick } = message;
    const base = {
      msgid: tags.msgid, seq: seqOf(tags.msgid), nick, account: tags.account,
      timeMs: Date.parse(tags.time ?? "") || Date.now(), reply: tags["+draft/reply"] ?? tags["+reply"],
    };
    if (line.batch !== undefined) {
      const text = line.lines.map((it) => ("draft/multiline-concat" in it.tags ? "" : "\n") + it.params[1]);
      return { ...base, kind: "said", isSpoken: true, text: text.join("").slice(1) };
    }
    if (command === "PRIVMSG" || command === "NOTICE") {
      return { ...base, ...spoken(message) };
    }
    if (command in EVENTS) {
      return { ...base, kind: EVENTS[command], text: params[params.length - 1], params };
    }
    return undefined;
  }

  /** A line, or a whole batch. Whether there is something new because of it. */
  #take(line, isHistory, into) {
    const message = line.batch ?? line;
    const type = message.params[1];
    if (line.batch !== undefined && type !== "draft/multiline") {
      return false; // Of an answer: whoever asked takes it apart.
    }
    if (message.command in HANDLERS && !isHistory) {
      HANDLERS[message.command](this, message);
    }
    return this.#show(line, message, isHistory, into);
  }

  #show(line, message, isHistory, into) {
    const { command, params, tags, nick } = message;
    if (command === "TAGMSG") {
      return this.#tagged(message, into ?? this.#place(params[0], nick));
    }
    if (command === "REDACT") {
      const room = into ?? this.#place(params[0], nick);
      room?.change(params[1], (item) => Object.assign(item, { isRedacted: true, text: "" }));
      this.#say("room", room);
      return false;
    }
    const item = this.#itemOf(line);
    if (item === undefined) {
      return false;
    }
    if (tags.msgid === undefined) {
      item.msgid = `local-${randomWord()}`;
    }
    let isNew = false;
    for (const room of into === undefined ? this.#roomsOf(line.batch ?? line, item) : [into]) {
      isNew = this.#put(room, { ...item }, isHistory) || isNew;
    }
    return isNew;
  }

  #put(room, item, isHistory) {
    item.seq = Number.isNaN(item.seq) ? room.newest?.seq ?? 0 : item.seq;
    item.isMention = item.isSpoken && this.#isMentioned(item);
    const isNew = room.add(item);
    if (!isHistory && isNew) {
      room.typing.delete(item.nick);
      if (!room.isFilling && room.settled !== undefined) {
        room.settled = item.msgid;
      }
      this.#noteSeen(room);
      this.#say("room", room);
      if (item.isSpoken) {
        this.#say("arrived", { room, item });
        this.#say("rooms");
      }
    }
    return isNew;
  }

  #isMentioned(item) {
    if (this.isOwn(item) || item.text === undefined) {
      return false;
    }
    const text = fold(item.text);
    const name = fold(this.nick);
    const isLetter = (c) => c !== undefined && /[\p{Script=Latin}\d_]/u.test(c);
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      if (!(isLetter(name[0]) && isLetter(text[at - 1])) &&
          !(isLetter(name[name.length - 1]) && isLetter(text[at + name.length]))) {
        return true;
      }
    }
    return false;
  }

  /** Where something said to `target` by `nick` belongs. */
  #place(target, nick) {
    const name = target.replace(/^[@+]+(?=#)/, "");
    if (isRoomName(name)) {
      return this.room(name);
    }
    return this.room(fold(target) === fold(this.nick) && nick !== "" ? nick : target);
  }

  #roomsOf(message, item) {
    const { command, params, nick } = message;
    if (command === "QUIT" || command === "NICK") {
      const name = command === "NICK" ? params[0] : nick;
      return [...this.rooms.values()].filter((room) => room.isRoom && (room.left?.has(nick) || room.hasMember(name)));
    }
    if (item.kind === "shout") {
      return [isRoomName(params[0]) ? this.room(params[0]) : this.room(LOBBY)];
    }
    const isService = !message.source.includes("!") && command === "NOTICE";
    if (isService) {
      this.#say("notice", item.text);
      return [];
    }
    return [this.#place(command === "BATCH" ? params[2] : params[0], nick)];
  }

  #tagged(message, room) {
    const { tags, nick } = message;
    const target = tags["+draft/reply"] ?? tags["+reply"];
    const [given, taken] = [tags["+draft/react"], tags["+draft/unreact"]];
    if (tags["+typing"] !== undefined && fold(nick) !== fold(this.nick)) {
      room.noteTyping(nick, tags["+typing"]);
      this.#say("typing", room);
    }
    if (target !== undefined && (given ?? taken) !== undefined) {
      room.change(target, (item) => {
        const of = item.reactions.get(given ?? taken) ?? new Set();
        of[given !== undefined ? "add" : "delete"](nick);
        item.reactions.set(given ?? taken, of);
        if (of.size === 0) {
          item.reactions.delete(given ?? taken);
        }
      });
      this.#say("room", room);
    }
    return true;
  }

  // ---- what is known of rooms and people

  noteJoined(room, nick) {
    room.setMember(nick);
    if (fold(nick) === fold(this.nick)) {
      room.isIn = true;
      this.fill(room);
    }
    this.#say("rooms");
  }

  noteGone(nick, rooms) {
    for (const room of rooms) {
      room.isIn = room.isIn && fold(nick) !== fold(this.nick);
      room.left = room.hasMember(nick) ? new Set([nick]) : undefined;
      room.removeMember(nick);
    }
    this.#say("rooms");
  }

  noteRenamed(before, after) {
    if (fold(before) === fold(this.link.nick)) {
      this.link.nick = after;
      this.link.name = after;
      this.memory.set("name", after);
    }
    for (const room of this.rooms.values()) {
      const member = room.members.get(fold(before));
      if (member !== undefined) {
        room.members.delete(fold(before));
        room.setMember(after, member.prefix);
      }
    }
    this.#say("rooms");
  }

  noteRoomRenamed(before, after) {
    const room = this.rooms.get(fold(before));
    if (room !== undefined) {
      this.rooms.delete(fold(before));
      room.name = after;
      this.rooms.set(fold(after), room);
      this.#remember();
      this.#say("rooms");
    }
  }

  noteChanged() {
    this.#say("rooms");
  }
}

// ---- lines that change what is known: (chat, message)

const everyRoom = (chat) => [...chat.rooms.values()].filter((room) => room.isRoom);

const HANDLERS = {
  JOIN: (chat, { params, nick }) => chat.noteJoined(chat.room(params[0]), nick),
  PART: (chat, { params, nick }) => chat.noteGone(nick, [chat.room(params[0])]),
  KICK: (chat, { params }) => chat.noteGone(params[1], [chat.room(params[0])]),
  QUIT: (chat, { nick }) => chat.noteGone(nick, everyRoom(chat)),
  NICK: (chat, { params, nick }) => chat.noteRenamed(nick, params[0]),
  RENAME: (chat, { params }) => chat.noteRoomRenamed(params[0], params[1]),
  TOPIC: (chat, { params }) => {
    chat.room(params[0]).topic = params[1];
    chat.noteChanged();
  },
  AWAY: (chat, { params, nick }) => {
    for (const room of everyRoom(chat).filter((it) => it.hasMember(nick))) {
      room.setMember(nick);
      room.members.get(fold(nick)).away = params.length > 0;
    }
    chat.noteChanged();
  },
  MODE: (chat, { params }) => {
    if (isRoomName(params[0]) && /[ov]/.test(params[1])) {
      chat.link.send(format(["NAMES", params[0]]));
    }
  },
  MARKREAD: (chat, { params }) => {
    const room = chat.room(params[0]);
    const match = /^timestamp=(.*)$/.exec(params[1] ?? "");
    room.markMs = Math.max(room.markMs, match === null ? 0 : Date.parse(match[1]) || 0);
    chat.noteChanged();
  },
  332: (chat, { params }) => {
    chat.room(params[1]).topic = params[2];
    chat.noteChanged();
  },
  353: (chat, { params }) => {
    for (const word of params[3].split(" ").filter((it) => it !== "")) {
      const prefix = /^[@+]*/.exec(word)[0];
      chat.room(params[2]).setMember(word.slice(prefix.length).split("!")[0], prefix[0] ?? "");
    }
  },
  366: (chat) => chat.noteChanged(),
};

function spoken({ command, params, source }) {
  const text = params[1] ?? "";
  const action = /^\x01ACTION (.*?)\x01?$/s.exec(text);
  if (action !== null) {
    return { kind: "action", isSpoken: true, text: action[1] };
  }
  const isShout = command === "NOTICE" && !source.includes("!") && isRoomName(params[0] ?? "");
  return { kind: isShout ? "shout" : command === "NOTICE" ? "notice" : "said", isSpoken: true, text };
}

/** Of an answer to what was said: which message it became; undefined: it does not say. */
function msgidOf(line) {
  const message = line.batch ?? line;
  if (message.command === "NOTE" && message.params[1] === "ALREADY_KEPT") {
    return { msgid: message.params[3] };
  }
  const isEcho = ["PRIVMSG", "NOTICE"].includes(message.command) || message.params[1] === "draft/multiline";
  return isEcho && message.tags.msgid !== undefined
    ? { msgid: message.tags.msgid, timeMs: Date.parse(message.tags.time ?? "") || undefined }
    : undefined;
}

function timestamp(ms) {
  return `timestamp=${new Date(ms).toISOString()}`;
}

/** The lines of a draft/multiline batch; null: it fits into a line of its own. */
function linesOf(sent) {
  if (!sent.text.includes("\n") && byteLength(sent.text) <= LINE_BYTES_MAX) {
    return null;
  }
  const batch = sent.key.slice(0, 8);
  return sent.text.split("\n").flatMap((line) =>
    cut(line, LINE_BYTES_MAX).map((piece, index) =>
      format(["PRIVMSG", sent.target, piece],
             index === 0 ? { batch } : { batch, "draft/multiline-concat": "" })));
}
