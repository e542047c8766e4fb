// What opens before the page: finding rooms, searching, settings.
import { LOBBY } from "./chat.js";
import { make, nodes } from "./text.js";
import { languageNow, say, dayOf, timeOf } from "./words.js";

/** `page`: {chat, memory, applySettings, open, current, reveal, signOut} */
export function makeDialogs(page) {
  const { chat, memory } = page;
  const dialog = document.getElementById("dialog");
  const body = document.getElementById("dialog-body");

  function show(title, ...children) {
    document.getElementById("dialog-title").textContent = title;
    body.replaceChildren(...children);
    if (!dialog.open) {
      dialog.showModal();
    }
    body.querySelector("input, select, button")?.focus();
  }

  function form(onSubmit, ...children) {
    return make("form", {
      onsubmit: (event) => {
        event.preventDefault();
        onSubmit();
      },
    }, ...children);
  }

  // ---- rooms

  async function find() {
    const name = make("input", { "aria-label": say("Room"), placeholder: "#", dir: "auto", maxlength: "32" });
    const found = make("div", {});
    const go = (wanted) => {
      dialog.close();
      page.open(chat.join(wanted));
    };
    const leave = page.current()?.name === LOBBY ? undefined
      : make("button", { type: "button", onclick: () => leaveRoom(page.current()) }, `${say("Leave")} ${page.current()?.name}`);
    show(say("Find a room"),
         form(() => name.value.trim() !== "" && go(name.value.trim()), name, make("button", {}, say("Join or make a room"))),
         found, make("div", { class: "row" }, leave));
    const rooms = await chat.list();
    found.replaceChildren(...rooms.map((room) => make("button", { type: "button", class: "found", onclick: () => go(room.name) },
      make("strong", {}, make("bdi", {}, room.name), ` · ${room.count}`), make("small", { dir: "auto" }, room.topic))));
  }

  function leaveRoom(room) {
    dialog.close();
    chat.leave(room);
    page.open(chat.room(LOBBY));
  }

  // ---- search

  function search() {
    const room = page.current();
    const text = make("input", { type: "search", "aria-label": say("Search"), dir: "auto" });
    const found = make("div", { "aria-live": "polite" });
    const go = async () => {
      const items = text.value.trim() === "" ? [] : await chat.search(room, text.value.trim());
      const rows = (items ?? []).map((item) => make("button", {
        type: "button", class: "found", onclick: () => {
          dialog.close();
          page.reveal(room, item.msgid);
        },
      }, make("span", { dir: "auto" }, ...nodes(item.text).map((node) => node.textContent ?? node)),
      make("small", {}, make("bdi", {}, item.nick), ` · ${dayOf(item.timeMs)} ${timeOf(item.timeMs)}`)));
      found.replaceChildren(...(rows.length > 0 ? rows : [say("Nothing found.")]));
    };
    show(`${say("Search in")} ${room.name}`, form(go, text, make("button", {}, say("Search"))), found);
  }

  // ---- settings

  function choice(label, key, options) {
    const select = make("select", {
      onchange: () => {
        memory.set(key, select.value);
        page.applySettings();
        settings();
      },
    }, ...options.map(([value, words]) => make("option", { value, selected: (memory.get(key) ?? options[0][0]) === value }, words)));
    return make("label", {}, say(label), select);
  }

  function notifying() {
    const box = make("input", {
      type: "checkbox", checked: memory.get("notifies") === true, onchange: async () => {
        const answer = box.checked ? await globalThis.Notification?.requestPermission() : "";
        box.checked = box.checked && answer === "granted";
        memory.set("notifies", box.checked);
      },
    });
    return make("label", {}, box, say("Notify me"));
  }

  function asking(label, attributes, act) {
    const input = make("input", { "aria-label": say(label), placeholder: say(label), ...attributes });
    const words = make("span", { role: "alert" });
    return form(async () => {
      words.textContent = (await act(input.value)) ?? "";
      input.value = "";
    }, input, make("button", {}, say(label)), words);
  }

  function settings() {
    show(say("Settings"),
         choice("Language", "language", [[languageNow(), languageNow() === "zh" ? "中文" : "English"],
                                         languageNow() === "zh" ? ["en", "English"] : ["zh", "中文"]]),
         choice("Appearance", "look", [["auto", say("as the system")], ["light", say("light")], ["dark", say("dark")]]),
         notifying(),
         asking("Change name", { maxlength: "32", dir: "auto" }, (name) => chat.command(["NICK", name.trim()])),
         asking("Keep this name", { type: "password", autocomplete: "new-password", minlength: "8", placeholder: say("Password") },
                async (password) => (await chat.command(["REGISTER", "*", "*", password])) || say("The name is yours now.")),
         make("div", { class: "row" }, make("button", {
           type: "button", onclick: () => {
             dialog.close();
             page.signOut();
           },
         }, say("Sign out"))));
  }

  return { find, search, settings, leave: leaveRoom };
}
