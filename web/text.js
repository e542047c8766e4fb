// What people write, as nodes: links, `code`, the reader's own name. Everything is text; nothing that
// anybody writes becomes markup.
import { fold } from "./irc.js";

const LINK = /\bhttps?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/giu;
// Bold, colours and the like, of other clients.
const FORMATTING = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04[0-9a-f]{0,6}|[\x02\x0f\x11\x16\x1d\x1e\x1f]/gi;

/** The link without what closes the sentence around it. */
function trimmed(link) {
  let end = link.length;
  for (;;) {
    const last = link[end - 1];
    const inside = link.slice(0, end);
    const isClosing = last === ")" && inside.split(")").length > inside.split("(").length;
    if (!".,;:!?]*".includes(last) && !isClosing) {
      return link.slice(0, end);
    }
    end--;
  }
}

/** [{kind: "text" | "code" | "link" | "name", text}] */
export function parts(text, name = "") {
  const found = [];
  text.replace(FORMATTING, "").split(/(`[^`\n]+`)/).forEach((piece, index) => {
    if (index % 2 === 1) {
      found.push({ kind: "code", text: piece.slice(1, -1) });
      return;
    }
    let at = 0;
    for (const match of piece.matchAll(LINK)) {
      const link = trimmed(match[0]);
      found.push(...names(piece.slice(at, match.index), name), { kind: "link", text: link });
      at = match.index + link.length;
    }
    found.push(...names(piece.slice(at), name));
  });
  return found.filter((part) => part.text !== "");
}

function names(text, name) {
  const folded = fold(text);
  if (name === "" || folded.length !== text.length) {
    return [{ kind: "text", text }];
  }
  const found = [];
  let from = 0;
  for (let at = folded.indexOf(fold(name)); at >= 0; at = folded.indexOf(fold(name), from)) {
    found.push({ kind: "text", text: text.slice(from, at) });
    found.push({ kind: "name", text: text.slice(at, at + name.length) });
    from = at + name.length;
  }
  return [...found, { kind: "text", text: text.slice(from) }];
}

/** An element with attributes and children; strings are text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else if (value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export function nodes(text, name) {
  return parts(text, name).map((part) => {
    switch (part.kind) {
      case "code": return make("code", {}, part.text);
      case "name": return make("mark", {}, part.text);
      case "link":
        return make("a", { href: part.text, target: "_blank", rel: "noopener noreferrer" }, part.text);
      default: return part.text;
    }
  });
}
