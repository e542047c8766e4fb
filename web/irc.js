// Lines of IRC, taken apart and put together (Modern IRC; IRCv3 message tags), and what its
// identifiers mean here. Nothing in this file knows of sockets or of the page.

const UNESCAPED = { ":": ";", s: " ", "\\": "\\", r: "\r", n: "\n" };
const ESCAPED = { ";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n" };

function parseTags(text) {
  const tags = {};
  for (const tag of text.split(";")) {
    const at = tag.indexOf("=");
    const key = at < 0 ? tag : tag.slice(0, at);
    const value = at < 0 ? "" : tag.slice(at + 1);
    tags[key] = value.replace(/\\(.?)/gs, (_, c) => UNESCAPED[c] ?? c);
  }
  return tags;
}

/** {tags, source, nick, command, params} of a line without its end. */
export function parse(line) {
  const message = { tags: {}, source: "", nick: "", command: "", params: [] };
  let rest = line;
  if (rest[0] === "@") {
    const end = rest.indexOf(" ");
    message.tags = parseTags(rest.slice(1, end));
    rest = rest.slice(end + 1).trimStart();
  }
  if (rest[0] === ":") {
    const end = rest.indexOf(" ");
    message.source = rest.slice(1, end);
    message.nick = message.source.split("!")[0];
    rest = rest.slice(end + 1);
  }
  const trailing = (" " + rest).indexOf(" :");
  const head = trailing < 0 ? rest : rest.slice(0, Math.max(trailing - 1, 0));
  const words = head.split(" ").filter((word) => word !== "");
  if (trailing >= 0) {
    words.push(rest.slice(trailing + 1));
  }
  message.command = (words.shift() ?? "").toUpperCase();
  message.params = words;
  return message;
}

/** A line of these words, the last one trailing; tags: {key: value}, "" for none. */
export function format(words, tags = {}) {
  const keys = Object.keys(tags);
  const put = (key) => {
    const value = String(tags[key]).replace(/[; \\\r\n]/g, (c) => ESCAPED[c]);
    return value === "" ? key : `${key}=${value}`;
  };
  const prefix = keys.length > 0 ? `@${keys.map(put).join(";")} ` : "";
  const clean = words.map((word) => word.replace(/[\r\n\0]/g, " "));
  const last = clean.pop();
  const isPlain = clean.length === 0 || (last !== "" && !last.includes(" ") && last[0] !== ":");
  return prefix + [...clean, isPlain ? last : ":" + last].join(" ");
}

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/** Where a message stands in the log, by its msgid ("log-seq", Crockford's base32); NaN: that is none. */
export function seqOf(msgid) {
  const at = (msgid ?? "").indexOf("-");
  let seq = at < 0 ? NaN : 0;
  for (const digit of at < 0 ? "" : msgid.slice(at + 1).toLowerCase()) {
    const value = DIGITS.indexOf(digit);
    seq = value < 0 ? NaN : seq * 32 + value;
  }
  return seq;
}

/** Equal for names that are the same to whoever reads them. */
export function fold(name) {
  return name.normalize("NFKC").toLowerCase();
}

export function isRoomName(name) {
  return name[0] === "#";
}

/** A number that is always the same for a name: for its colour. */
export function hueOf(name) {
  let hash = 2166136261;
  for (const unit of fold(name)) {
    hash = Math.imul(hash ^ unit.codePointAt(0), 16777619);
  }
  return (hash >>> 0) % 360;
}

const encoder = new TextEncoder();

export function byteLength(text) {
  return encoder.encode(text).length;
}

/** The text in pieces of at most `most` bytes, cut between characters. */
export function cut(text, most) {
  const pieces = [];
  let piece = "";
  let size = 0;
  for (const character of text) {
    const bytes = byteLength(character);
    if (size + bytes > most) {
      pieces.push(piece);
      piece = "";
      size = 0;
    }
    piece += character;
    size += bytes;
  }
  pieces.push(piece);
  return pieces;
}

/** Something that nobody else makes up. */
export function randomWord() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}
