// A room, or a conversation with one person: what was said in it, in the log's order; who is there;
// how far one has read.
import { fold, isRoomName, seqOf } from "./irc.js";

const TYPING_MS = 6500;
const KEPT_WHEN_LEFT = 200;

let made = 0;

export class Room {
  constructor(name) {
    this.name = name;
    this.isRoom = isRoomName(name);
    this.items = []; // In order; what is on its way is last.
    this.byMsgid = new Map();
    this.waiting = new Map(); // Reactions and redactions of what is not here: msgid → [change]
    this.members = new Map(); // fold(nick) → {nick, prefix, away}
    this.typing = new Map(); // nick → until (ms)
    this.topic = "";
    this.isIn = false;
    this.hasAll = false; // There is nothing older.
    this.markMs = 0; // Up to there all is read, as every session of ours knows;
    this.newFromMs = Infinity; // from there on it is shown as new.
    this.draft = "";
  }

  /** Of what is kept: {seq, msgid, timeMs, kind, nick, text, ...}. Whether it is new here. */
  add(item) {
    if (this.byMsgid.has(item.msgid)) {
      return false;
    }
    item.id ??= ++made;
    item.reactions ??= new Map();
    this.byMsgid.set(item.msgid, item);
    this.#insert(item);
    const changes = this.waiting.get(item.msgid) ?? [];
    this.waiting.delete(item.msgid);
    changes.forEach((change) => change(item));
    return true;
  }

  /** One's own, on its way: {key, text, ...}, with no place in the log yet. */
  addOwn(item) {
    item.id = ++made;
    item.seq = Infinity;
    item.reactions = new Map();
    this.items.push(item);
  }

  /** It is kept: it has a msgid and a time, and goes to its place. */
  settle(item, msgid, timeMs) {
    const at = this.items.indexOf(item);
    if (at >= 0) {
      this.items.splice(at, 1);
    }
    const known = this.byMsgid.get(msgid);
    if (known !== undefined) {
      this.items.splice(this.items.indexOf(known), 1);
      item.reactions = known.reactions;
      this.byMsgid.delete(msgid);
    }
    Object.assign(item, { msgid, seq: seqOf(msgid), timeMs: timeMs ?? known?.timeMs ?? item.timeMs });
    item.state = "kept";
    this.byMsgid.set(msgid, item);
    this.#insert(item);
  }

  remove(item) {
    this.items.splice(this.items.indexOf(item), 1);
  }

  #insert(item) {
    let from = 0;
    let to = this.items.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.items[middle].seq > item.seq) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    this.items.splice(from, 0, item);
  }

  /** Does this to the message, now or when it is here. */
  change(msgid, change) {
    const item = this.byMsgid.get(msgid);
    if (item !== undefined) {
      change(item);
    } else {
      this.waiting.set(msgid, [...(this.waiting.get(msgid) ?? []), change]);
    }
  }

  /** Only the newest stay; the others come again when one looks for them. */
  trim() {
    const over = this.items.length - KEPT_WHEN_LEFT;
    if (over > 0 && !this.isFilling) {
      this.items.splice(0, over).forEach((item) => this.byMsgid.delete(item.msgid));
      this.hasAll = false;
    }
  }

  get oldest() {
    return this.items.find((item) => item.msgid !== undefined);
  }

  get newest() {
    return this.items.findLast((item) => item.msgid !== undefined);
  }

  /** What others said and one has not read. */
  unread(isOwn) {
    let count = 0;
    let mentions = 0;
    for (let at = this.items.length - 1; at >= 0; at--) {
      const item = this.items[at];
      if (item.timeMs <= this.markMs) {
        break;
      }
      if (item.isSpoken && !item.isRedacted && !isOwn(item)) {
        count++;
        mentions += item.isMention || !this.isRoom ? 1 : 0;
      }
    }
    return { count, mentions };
  }

  // ---- people

  setMember(nick, prefix = "") {
    const known = this.members.get(fold(nick));
    this.members.set(fold(nick), { away: false, ...known, nick, prefix: prefix || known?.prefix || "" });
  }

  removeMember(nick) {
    this.members.delete(fold(nick));
    this.typing.delete(nick);
  }

  hasMember(nick) {
    return this.members.has(fold(nick));
  }

  noteTyping(nick, state) {
    if (state === "active") {
      this.typing.set(nick, Date.now() + TYPING_MS);
    } else {
      this.typing.delete(nick);
    }
  }

  typists() {
    const now = Date.now();
    return [...this.typing].filter(([, until]) => until > now).map(([nick]) => nick);
  }
}
