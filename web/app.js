// The page: the door, the rooms, what is said, who is there. What it knows is chat.js's; here is how it
// looks and what one does with it.
import { byteLength, fold, hueOf } from "./irc.js";
import { Chat, LOBBY, TEXT_BYTES_MAX, TEXT_LINES_MAX } from "./chat.js";
import { LogView } from "./log_view.js";
import { makeDialogs } from "./dialogs.js";
import { make } from "./text.js";
import { languageNow, say, setLanguage } from "./words.js";

const $ = (id) => document.getElementById(id);

/** What is remembered; a browser that remembers nothing is fine. */
function memoryIn(storage) {
  return {
    get(key) {
      try {
        return JSON.parse(storage.getItem(`qun.${key}`));
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        storage.setItem(`qun.${key}`, JSON.stringify(value));
      } catch {
        // Full, or forbidden.
      }
    },
  };
}

const memory = memoryIn(localStorage);
const url = new URL("irc", location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
url.hash = url.search = "";
const chat = new Chat(url.href, memory, memoryIn(sessionStorage));
let current = null;
let replyTo;

const log = new LogView($("log"), chat, {
  older: (room) => chat.older(room),
  reply: (item) => setReply(item),
  react: (item, face) => chat.react(current, item, face),
  takeBack: (item) => chat.takeBack(current, item),
  again: (item) => chat.again(current, item),
  giveUp: (item) => chat.giveUp(current, item),
  atEnd: (isAtEnd) => {
    $("newest").hidden = isAtEnd;
    readIfSeen();
  },
});

// ---- language and looks

function applySettings() {
  setLanguage(memory.get("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
  const look = memory.get("look");
  if (look === "light" || look === "dark") {
    document.documentElement.dataset.look = look;
  } else {
    delete document.documentElement.dataset.look;
  }
  document.querySelectorAll("[data-say]").forEach((node) => { node.textContent = say(node.dataset.say); });
  document.querySelectorAll("[data-label]").forEach((node) => node.setAttribute("aria-label", say(node.dataset.label)));
}

// ---- the door

function showDoor(words = "", needsPassword = false) {
  $("house").hidden = true;
  $("door").hidden = false;
  $("door-words").textContent = words;
  $("password-row").hidden = !needsPassword;
  $("name").value ||= memory.get("name") ?? "";
  (needsPassword ? $("password") : $("name")).focus();
}

function enter(name, password) {
  memory.set("isIn", true);
  $("door").hidden = true;
  $("house").hidden = false;
  chat.start(name, password);
  open(chat.room(memory.get("current") ?? LOBBY));
  if (matchMedia("(pointer: fine)").matches) {
    $("text").focus(); // On a phone that would bring up its keyboard.
  }
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim().replace(/\s+/g, "_");
  if (name !== "") {
    enter(name, $("password").value);
  }
});

chat.addEventListener("refused", ({ detail }) => {
  const isPassword = detail.code === "password" || detail.code === "taken";
  const words = detail.code === "taken"
    ? say(/registered/i.test(detail.text)
      ? "This name is registered: its password, please."
      : "That name is somebody's at the moment. Choose another, or give its password.")
    : detail.text;
  showDoor(words, isPassword);
});

// ---- rooms

function open(room) {
  if (current !== null && current !== room) {
    current.draft = $("text").value;
    current.trim();
  }
  current = room;
  memory.set("current", room.name);
  $("text").value = room.draft;
  fitText();
  setReply(undefined);
  $("rooms").classList.remove("open");
  $("rooms-open").setAttribute("aria-expanded", "false");
  log.show(room);
  if (room.settled === undefined && chat.link.state === "in") {
    chat.fill(room);
  }
  showHeading();
  showRooms();
  showPeople();
  showTyping();
  readIfSeen();
}

function ordered() {
  return [...chat.rooms.values()].sort((a, b) => Number(b.isRoom) - Number(a.isRoom) || a.name.localeCompare(b.name));
}

let roomsFrame;
function showRoomsSoon() {
  roomsFrame ??= requestAnimationFrame(() => {
    roomsFrame = undefined;
    showRooms();
    showHeading();
    showPeople();
  });
}

function showRooms() {
  let all = 0;
  const focused = document.activeElement?.closest("#room-list button")?.dataset.room;
  const rows = ordered().map((room) => {
    const { count, mentions } = room.unread((item) => chat.isOwn(item));
    all += mentions;
    const badge = count === 0 || (room === current && isSeen()) ? undefined
      : make("span", { class: `badge${mentions > 0 ? " mention" : ""}`, "aria-label": `${count} ${say("unread")}` }, String(count));
    return make("li", {}, make("button", {
      type: "button", "data-room": room.name, "aria-current": room === current ? "page" : undefined, onclick: () => {
        open(room);
        $("text").focus();
      },
    }, make("bdi", {}, room.name), badge));
  });
  $("room-list").replaceChildren(...rows);
  $("room-list").querySelector(`button[data-room="${CSS.escape(focused ?? "")}"]`)?.focus();
  $("me").textContent = chat.nick;
  document.title = `${all > 0 ? `(${all}) ` : ""}${current === null ? "" : `${current.name} · `}qun`;
}

function showHeading() {
  $("title").textContent = current?.name ?? "";
  $("topic").textContent = current?.topic ?? "";
  $("count").textContent = $("online").textContent = String(current?.members.size ?? 0);
  $("people-open").setAttribute("aria-label", `${say("People")}: ${current?.members.size ?? 0} ${say("online")}`);
  $("people-open").hidden = current?.isRoom === false;
}

const RANKS = { "@": "operator", "+": "may speak" };

function showPeople() {
  if ($("people").hidden || current === null) {
    return;
  }
  const rank = (member) => "@+".indexOf(member.prefix) + 1 || 3;
  const members = [...current.members.values()].sort((a, b) => rank(a) - rank(b) || a.nick.localeCompare(b.nick));
  $("people-list").replaceChildren(...members.slice(0, 500).map((member) => {
    const nick = make("bdi", { class: `nick${member.away ? " away" : ""}` }, member.nick);
    nick.style.setProperty("--hue", hueOf(member.nick));
    const title = RANKS[member.prefix];
    return make("li", {}, make("button", {
      type: "button", "aria-label": `${say("Write to")} ${member.nick}`, title: member.away ? say("Away") : undefined,
      onclick: () => {
        if (fold(member.nick) !== fold(chat.nick)) {
          open(chat.room(member.nick));
          $("text").focus();
        }
      },
    }, nick, title === undefined ? undefined : make("small", { title: say(title) }, member.prefix)));
  }));
}

function showTyping() {
  const nicks = current?.typists() ?? [];
  const verb = say(nicks.length === 1 ? "is typing…" : "are typing…");
  $("typing").textContent = nicks.length === 0 ? "" : `${nicks.slice(0, 3).join(", ")} ${verb}`;
  clearTimeout(showTyping.timer);
  if (nicks.length > 0) {
    showTyping.timer = setTimeout(showTyping, 1000);
  }
}

function showState() {
  const words = { connecting: "Connecting…", waiting: "The connection broke. Trying again…", idle: "Not connected" };
  const text = words[chat.link.state];
  $("status").hidden = text === undefined;
  $("status").textContent = text === undefined ? "" : say(text);
  $("house").dataset.state = chat.link.state;
  showRoomsSoon();
}

function isSeen() {
  return log.isAtEnd && !document.hidden && document.hasFocus();
}

function readIfSeen() {
  if (current !== null && isSeen() && chat.link.state === "in") {
    chat.markRead(current);
  }
}

chat.addEventListener("rooms", showRoomsSoon);
chat.addEventListener("state", showState);
chat.addEventListener("room", ({ detail }) => {
  if (detail === current) {
    log.update();
    readIfSeen();
  }
});
chat.addEventListener("typing", ({ detail }) => detail === current && showTyping());
chat.addEventListener("notice", ({ detail }) => showWords(detail));
chat.addEventListener("arrived", ({ detail: { room, item } }) => {
  showTyping();
  const isForMe = (item.isMention || !room.isRoom) && !chat.isOwn(item);
  if (isForMe && document.hidden && memory.get("notifies") && globalThis.Notification?.permission === "granted") {
    const notification = new Notification(`${item.nick} · ${room.name}`, { body: item.text.slice(0, 200), tag: room.name });
    notification.onclick = () => {
      focus();
      open(room);
    };
  }
});
addEventListener("focus", readIfSeen);
document.addEventListener("visibilitychange", () => {
  if (document.hidden && current !== null) {
    current.newFromMs = current.markMs;
  } else {
    readIfSeen();
  }
});

// ---- saying

function showWords(words) {
  $("say-words").textContent = words;
  $("say-words").hidden = words === "";
}

function setReply(item) {
  replyTo = item?.msgid;
  $("replying").hidden = item === undefined;
  if (item !== undefined) {
    $("replying").firstElementChild.textContent = `${say("Reply")}: ${item.nick}: ${item.text}`;
    $("text").focus();
  }
}

function fitText() {
  const text = $("text");
  if (!CSS.supports("field-sizing", "content")) {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
  }
}

/** "/word rest": what it asks for is done; the words of a refusal, or "". undefined: it is to be said. */
async function obey(typed) {
  const [, word, rest] = /^\/(\S*) ?(.*)$/s.exec(typed) ?? [];
  const [first, ...others] = (rest ?? "").split(" ");
  const deeds = {
    join: () => open(chat.join(first)),
    part: () => dialogs.leave(current),
    nick: () => chat.command(["NICK", first]),
    topic: () => chat.command(["TOPIC", current.name, rest]),
    msg: () => {
      open(chat.room(first));
      return others.length > 0 ? chat.say(current, others.join(" ")) : undefined;
    },
    me: () => chat.say(current, `\x01ACTION ${rest}\x01`),
  };
  if (word === undefined || !Object.hasOwn(deeds, word)) {
    return word === undefined || word.startsWith("/") ? undefined : `/${word}?`;
  }
  return (await deeds[word]()) || "";
}

async function submit() {
  const text = $("text").value.replace(/\s+$/, "");
  if (text === "") {
    return;
  }
  if (byteLength(text) > TEXT_BYTES_MAX || text.split("\n").length > TEXT_LINES_MAX) {
    showWords(say("That is too long: at most 4,096 bytes and 100 lines."));
    return;
  }
  $("text").value = "";
  fitText();
  showWords("");
  const words = text.startsWith("/") ? await obey(text) : undefined;
  if (words === undefined) {
    log.follow();
    chat.say(current, text.replace(/^\/\//, "/"), replyTo);
  } else if (words !== "") {
    showWords(words);
    $("text").value = text;
  }
  setReply(undefined);
  $("text").focus();
}

$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
$("text").addEventListener("keydown", (event) => {
  // While an input method is composing, Enter is its own (keyCode 229: Safari says so too late).
  const isComposing = event.isComposing || event.keyCode === 229;
  if (event.key === "Enter" && !event.shiftKey && !isComposing) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && !isComposing) {
    setReply(undefined);
  } else if (event.key === "ArrowUp" && $("text").value === "" && !isComposing) {
    event.preventDefault();
    [...$("log").querySelectorAll(".message")].at(-1)?.focus();
  }
});
$("text").addEventListener("input", () => {
  fitText();
  if (current !== null && !$("text").value.startsWith("/")) {
    chat.typing(current, $("text").value !== "");
  }
});
$("replying").querySelector("button").addEventListener("click", () => setReply(undefined));

// ---- keys, drawers, dialogs

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement?.closest("#log")) {
    $("text").focus();
  }
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const all = ordered();
    const at = all.indexOf(current) + (event.key === "ArrowUp" ? -1 : 1);
    open(all[(at + all.length) % all.length]);
    event.preventDefault();
  }
  if (event.ctrlKey && event.key === "k") {
    event.preventDefault();
    dialogs.find();
  }
});
$("newest").addEventListener("click", () => {
  log.follow();
});
$("rooms-open").addEventListener("click", () => {
  const isOpen = $("rooms").classList.toggle("open");
  $("rooms-open").setAttribute("aria-expanded", String(isOpen));
});
$("room").addEventListener("click", (event) => {
  if (!event.target.closest("#rooms-open")) {
    $("rooms").classList.remove("open");
    $("rooms-open").setAttribute("aria-expanded", "false");
  }
});
$("people-open").addEventListener("click", () => {
  $("people").hidden = !$("people").hidden;
  $("people-open").setAttribute("aria-expanded", String(!$("people").hidden));
  showPeople();
});

const dialogs = makeDialogs({
  chat, memory, applySettings: () => {
    applySettings();
    if (current !== null) {
      log.show(current);
    }
    showRoomsSoon();
  },
  open, current: () => current, 
  reveal: async (room, msgid) => {
    await chat.reach(room, msgid);
    log.reveal(msgid);
  },
  signOut: () => {
    chat.link.stop("");
    memory.set("isIn", false);
    $("password").value = "";
    showDoor();
  },
});
$("find").addEventListener("click", () => dialogs.find());
$("search-open").addEventListener("click", () => dialogs.search());
$("settings-open").addEventListener("click", () => dialogs.settings());

// ---- here we go

applySettings();
$("people").hidden = !matchMedia("(min-width: 1000px)").matches;
$("people-open").setAttribute("aria-expanded", String(!$("people").hidden));
if (memory.get("isIn") && memory.get("name")) {
  enter(memory.get("name"), "");
} else {
  showDoor();
}
globalThis.qun = { chat, language: languageNow }; // For who looks inside.
