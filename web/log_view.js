// The log of one room as it is shown: days, the "new" line, who came and went summed up, messages. What
// is shown is made equal to what there is, a frame at a time; nodes that are right already stay, and
// the place that one reads stays where it is. Only what is near to it has nodes at all.
import { fold, hueOf } from "./irc.js";
import { make, nodes } from "./text.js";
import { dayOf, say, timeOf } from "./words.js";

const CLOSE_PX = 48; // So near to the end one is at the end.
const TOGETHER_MS = 5 * 60000;
const SHOWN = 200; // Items with nodes, at the end,
const SHOWN_MOST = 400; // and anywhere else;
const STEP = 100; // so many more or less at a time.
const SUMMED = new Set(["join", "part", "quit"]);
const FACES = ["👍", "❤️", "😂", "😮", "😢", "🎉", "👀", "✅"];

export class LogView {
  /** `actions`: {older(room), reply(item), react(item, face), takeBack(item), again(item), giveUp(item), atEnd()} */
  constructor(element, chat, actions) {
    this.element = element;
    this.chat = chat;
    this.actions = actions;
    this.room = null;
    this.known = new Map(); // key → {node, look}
    this.isAtEnd = true;
    this.top = null; // The first item with a node; null: as many as there are SHOWN,
    this.bottom = null; // before the last one; null: the newest.
    this.toolbar = this.#makeToolbar(); // Made anew with each room shown: in the language of then.
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    element.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["mouseover", "focusin", "click"]) {
      element.addEventListener(type, (event) => this.#point(event.target));
    }
    new ResizeObserver(() => this.isAtEnd && this.#scrollToEnd()).observe(element);
  }

  show(room) {
    this.room = room;
    room.newFromMs = room.markMs;
    this.known.clear();
    this.pointed = undefined;
    this.toolbar = this.#makeToolbar();
    this.element.replaceChildren();
    this.follow();
  }

  update() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#render();
    });
  }

  /** Goes to the newest, and stays there. */
  follow() {
    this.isAtEnd = true;
    this.top = this.bottom = null;
    this.update();
  }

  #scrollToEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Shows this message, if it is here. */
  reveal(msgid) {
    const item = this.room.byMsgid.get(msgid);
    if (item === undefined) {
      return;
    }
    if (!this.known.has(`m${item.id}`)) {
      const at = this.room.items.indexOf(item);
      this.#setRange(at - STEP, at + STEP);
    }
    this.isAtEnd = false;
    this.#render();
    const node = this.known.get(`m${item.id}`)?.node;
    node?.scrollIntoView({ block: "center" });
    node?.focus({ preventScroll: true });
  }

  // ---- what has nodes

  /** [from, to): indices of room.items. */
  #range() {
    const { items } = this.room;
    const last = this.bottom === null ? -1 : items.indexOf(this.bottom);
    const to = last < 0 ? items.length : last + 1;
    const first = this.top === null ? -1 : items.indexOf(this.top);
    return [first < 0 ? Math.max(0, to - SHOWN) : first, to];
  }

  #setRange(from, to) {
    const { items } = this.room;
    this.top = items[Math.max(0, from)] ?? null;
    this.bottom = to >= items.length ? null : items[to - 1];
  }

  // ---- what is to be shown

  /** [{key, look, make}] */
  #blocks() {
    const blocks = [];
    let day = "";
    let before = null;
    let group = null;
    let isNewShown = false;
    const [from, to] = this.#range();
    if (this.room.hasAll && from === 0) {
      blocks.push({ key: "beginning", look: "", make: () => make("div", { class: "line" }, say("The beginning")) });
    }
    for (const item of this.room.items.slice(from, to)) {
      const today = new Date(item.timeMs).toDateString();
      if (today !== day) {
        day = today;
        before = group = null;
        blocks.push({ key: `d${day}`, look: "", make: () => makeLine("day", dayOf(item.timeMs)) });
      }
      const isNews = item.isSpoken && !this.chat.isOwn(item) && item.timeMs > this.room.newFromMs;
      if (isNews && !isNewShown && this.room.newFromMs > 0) {
        isNewShown = true;
        before = group = null;
        blocks.push({ key: "new", look: "", make: () => makeLine("new", say("new")) });
      }
      if (SUMMED.has(item.kind)) {
        if (group === null) {
          const items = [];
          group = { key: `e${item.id}`, look: "", items, make: () => this.#makeGroup(items) };
          blocks.push(group);
        }
        group.items.push(item);
        group.look = String(group.items.length);
        before = null;
        continue;
      }
      group = null;
      const isSame = before !== null && before.nick === item.nick && item.kind === "said" &&
        before.kind === "said" && item.reply === undefined && item.timeMs - before.timeMs < TOGETHER_MS;
      before = item.isSpoken ? item : null;
      blocks.push({ key: `m${item.id}`, look: lookOf(item, isSame), make: () => this.#makeItem(item, isSame) });
    }
    return blocks;
  }

  #render() {
    if (this.room === null) {
      return;
    }
    const anchor = this.#anchor();
    const blocks = this.#blocks();
    const wanted = new Set(blocks.map((block) => block.key));
    for (const [key, { node }] of this.known) {
      if (!wanted.has(key)) {
        node.remove();
        this.known.delete(key);
      }
    }
    let at = this.element.firstElementChild;
    for (const block of blocks) {
      let known = this.known.get(block.key);
      if (known === undefined || known.look !== block.look) {
        const node = block.make();
        if (known !== undefined) {
          at = at === known.node ? node : at;
          this.#replace(known.node, node);
        }
        node.blockKey = block.key;
        known = { node, look: block.look };
        this.known.set(block.key, known);
      }
      if (known.node === at) {
        at = at.nextElementSibling;
      } else {
        this.element.insertBefore(known.node, at);
      }
    }
    if (this.isAtEnd) {
      this.#scrollToEnd();
    } else {
      this.#restore(anchor);
    }
    this.#more();
  }

  #replace(before, after) {
    const isFocused = before === document.activeElement || before.contains(document.activeElement);
    const hasToolbar = before.contains(this.toolbar);
    before.replaceWith(after);
    if (hasToolbar) {
      after.append(this.toolbar);
    }
    if (isFocused) {
      after.focus({ preventScroll: true });
    }
  }

  // ---- the place that one reads

  #anchor() {
    const top = this.element.scrollTop;
    const children = this.element.children;
    let from = 0;
    let to = children.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const child = children[middle];
      if (child.offsetTop + child.offsetHeight > top) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return Array.from({ length: Math.min(4, children.length - from) }, (_, index) => {
      const node = children[from + index];
      return { key: node.blockKey, y: node.getBoundingClientRect().y };
    });
  }

  #restore(anchors) {
    for (const { key, y } of anchors) {
      const node = this.known.get(key)?.node;
      if (node !== undefined) {
        this.element.scrollTop += node.getBoundingClientRect().y - y;
        return;
      }
    }
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    this.isAtEnd = this.bottom === null && scrollHeight - scrollTop - clientHeight < CLOSE_PX;
    if (this.isAtEnd) {
      this.top = null;
    }
    this.actions.atEnd(this.isAtEnd);
    this.#more();
  }

  #more() {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    if (this.room === null) {
      return;
    }
    const [from, to] = this.#range();
    if (scrollTop < clientHeight) {
      if (from === 0) {
        this.actions.older(this.room);
      } else if (!this.isAtEnd || scrollHeight <= clientHeight) {
        const first = Math.max(0, from - STEP);
        this.#setRange(first, Math.min(to, first + SHOWN_MOST));
        this.update();
      }
    } else if (this.bottom !== null && scrollHeight - scrollTop < 2 * clientHeight) {
      this.#setRange(Math.max(from, to + STEP - SHOWN_MOST), to + STEP);
      this.update();
    }
  }

  // ---- nodes

  #makeGroup(items) {
    const came = items.filter((item) => item.kind === "join").map((item) => item.nick);
    const went = items.filter((item) => item.kind !== "join").map((item) => item.nick);
    const words = (nicks, verb) => {
      const all = [...new Set(nicks)];
      const shown = all.slice(0, 3).flatMap((nick, index) => [index > 0 ? ", " : "", make("bdi", {}, nick)]);
      const rest = all.length > 3 ? ` +${all.length - 3}` : "";
      return all.length === 0 ? [] : [make("span", {}, ...shown, `${rest} ${say(verb)}`)];
    };
    return make("div", { class: "event", tabindex: "-1" }, ...words(came, "came"), ...words(went, "went"));
  }

  #makeEvent(item) {
    const who = make("bdi", {}, item.kind === "kick" ? item.params[1] : item.nick);
    const what = {
      nick: [" ", say("is now called"), " ", make("bdi", {}, item.params?.[0] ?? "")],
      topic: [" ", say("set the topic:"), " ", ...nodes(item.text)],
      kick: [" ", say("was put out of the room"), item.params?.length > 2 ? ` (${item.text})` : ""],
      renamed: [" ", say("called the room"), " ", make("bdi", {}, item.params?.[1] ?? "")],
    };
    return make("div", { class: "event", tabindex: "-1" }, who, ...(what[item.kind] ?? []));
  }

  #makeItem(item, isSame) {
    if (!item.isSpoken) {
      return this.#makeEvent(item);
    }
    const nick = make("bdi", { class: "nick" }, item.nick);
    nick.style.setProperty("--hue", hueOf(item.nick));
    const time = make("time", { datetime: new Date(item.timeMs).toISOString() }, timeOf(item.timeMs));
    const kind = item.kind === "shout" ? "message shout" : "message";
    const node = make("div", {
      class: kind + (isSame ? " same" : "") + (item.isMention ? " mention" : "") + (item.kind === "action" ? " action" : ""),
      tabindex: "-1", role: "article", "data-id": item.id, "data-state": item.state,
      "aria-label": `${item.kind === "shout" ? say("Announcement") : item.nick} ${timeOf(item.timeMs)}`,
    });
    node.append(time, item.kind === "shout" ? make("strong", { class: "nick" }, say("Announcement")) : nick);
    if (item.reply !== undefined) {
      node.append(this.#makeQuote(item.reply));
    }
    node.append(item.isRedacted
      ? make("div", { class: "text gone" }, say("This message was taken back."))
      : make("div", { class: "text", dir: "auto" }, ...nodes(item.text, item.isMention ? this.chat.nick : "")));
    if (item.reactions.size > 0 && !item.isRedacted) {
      node.append(this.#makeReactions(item));
    }
    if (item.state !== undefined) {
      node.append(this.#makeState(item));
    }
    return node;
  }

  #makeQuote(msgid) {
    const quoted = this.room.byMsgid.get(msgid);
    const text = quoted === undefined ? "…" : `${quoted.nick}: ${quoted.text.split("\n")[0]}`;
    return make("button", { class: "quote", type: "button", onclick: () => this.reveal(msgid) },
                make("span", { class: "hidden" }, `${say("in reply to")} `), make("bdi", {}, text));
  }

  #makeReactions(item) {
    const buttons = [...item.reactions].map(([face, nicks]) => {
      const isOwn = [...nicks].some((nick) => fold(nick) === fold(this.chat.nick));
      return make("button", {
        type: "button", class: "face", "aria-pressed": String(isOwn), title: [...nicks].join(", "),
        "aria-label": `${face} ${nicks.size}`, onclick: () => this.actions.react(item, face),
      }, `${face} ${nicks.size}`);
    });
    return make("div", { class: "faces" }, ...buttons);
  }

  #makeState(item) {
    const words = { sending: "on its way", kept: "kept", failed: "failed" };
    const node = make("span", { class: "state", role: "img", "aria-label": say(words[item.state]) });
    if (item.state !== "failed") {
      return node;
    }
    return make("div", { class: "failure" }, node, make("span", {}, `${say("failed")}: ${item.why} `),
      make("button", { type: "button", onclick: () => this.actions.again(item) }, say("Send again")),
      make("button", { type: "button", onclick: () => this.actions.giveUp(item) }, say("Give up")));
  }

  // ---- what one can do with a message: one set of buttons, which goes where it is wanted

  #makeToolbar() {
    // The buttons go; who was there by keyboard stays at the message.
    const act = (deed, ...more) => () => {
      this.faces.hidden = true;
      this.toolbar.closest(".message")?.focus({ preventScroll: true });
      this.actions[deed](this.pointed, ...more);
    };
    this.faces = make("div", { class: "picker", hidden: true, role: "group", "aria-label": say("React") },
      ...FACES.map((face) => make("button", { type: "button", "aria-label": face, onclick: act("react", face) }, face)));
    this.takeBack = make("button", { type: "button", onclick: act("takeBack") }, say("Take back"));
    return make("div", { class: "toolbar", role: "group", "aria-label": say("More") },
      make("button", { type: "button", onclick: act("reply") }, say("Reply")),
      make("button", { type: "button", onclick: () => { this.faces.hidden = !this.faces.hidden; } }, say("React")),
      this.takeBack, this.faces);
  }

  #point(target) {
    const node = target.closest?.(".message");
    const id = Number(node?.dataset.id);
    const item = node === null ? undefined : this.room?.items.find((it) => it.id === id);
    if (item === undefined || this.pointed === item && node.contains(this.toolbar)) {
      return;
    }
    this.pointed = item;
    this.faces.hidden = true;
    this.toolbar.remove();
    if (item.msgid !== undefined && item.kind !== "shout" && !item.isRedacted) {
      this.takeBack.hidden = !this.chat.isOwn(item);
      node.append(this.toolbar);
    }
  }

  /** Up and down go from message to message; Escape goes back to where one writes. */
  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const all = [...this.element.querySelectorAll(".message, .event")];
    const now = all.indexOf(document.activeElement.closest(".message, .event"));
    const next = now < 0 ? all.length - 1 : Math.min(Math.max(now + step, 0), all.length - 1);
    all[next]?.focus();
    event.preventDefault();
  }
}

function makeLine(kind, text) {
  return make("div", { class: `line ${kind}`, role: "separator", "aria-label": text }, make("span", {}, text));
}

/** All on which a message's node depends, but what never changes. */
function lookOf(item, isSame) {
  let faces = "";
  for (const [face, nicks] of item.reactions) {
    faces += `${face}${[...nicks].join()}`;
  }
  return `${isSame}|${item.state}|${item.why}|${item.isRedacted}|${faces}`;
}
