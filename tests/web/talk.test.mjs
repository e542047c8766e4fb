// Two browsers, a plain member and an IRC client talk: what each sees of the others.
import assert from "node:assert/strict";
import dgram from "node:dgram";
import { after, before, test } from "node:test";
import { enter, message, openBrowser, say, shown, visit } from "./help/browser.mjs";
import { Irc } from "./help/irc.mjs";
import { endAll, eventually, Qun } from "./help/qun.mjs";

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Qun.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await endAll();
});

class Plain {
  constructor(port) {
    this.port = port;
    this.heard = [];
    this.socket = dgram.createSocket("udp4");
    this.socket.on("message", (data) => this.heard.push(data.toString()));
  }

  send(text) {
    this.socket.send(text, this.port, "127.0.0.1");
  }

  find(part) {
    return eventually(() => this.heard.find((it) => it.includes(part)), () => `${part} in ${this.heard}`);
  }
}

test("everybody hears everybody", async () => {
  const plain = new Plain(server.port);
  plain.send("L 小红");
  await plain.find("OK");
  const irc = await Irc.enter(server.port, "carl");
  const ann = await enter(browser, server.url, "ann");
  const ming = await enter(browser, server.url, "小明", { locale: "zh-CN", colorScheme: "dark" });
  await ann.locator("#people-list li").nth(3).waitFor();
  assert.equal(await ann.textContent("#online"), "4");
  assert.match(await ming.textContent("#people h2"), /人在线/);

  await say(ann, "hello from a page");
  await Promise.all([plain.find("hello from a page"), irc.find("hello from a page"),
                     message(ming, "hello from a page").waitFor()]);
  plain.send("C 小红 你们好");
  irc.send("PRIVMSG #lobby :hello ann, from TCP");
  await Promise.all([message(ann, "你们好").waitFor(), message(ming, "from TCP").waitFor()]);
  assert.equal(await message(ann, "from TCP").evaluate((node) => node.classList.contains("mention")), true);
  assert.equal(await message(ming, "from TCP").evaluate((node) => node.classList.contains("mention")), false);

  server.admin("shout", "the server stops at six");
  await Promise.all([ann, ming].map((page) => page.locator(".message.shout", { hasText: "stops at six" }).waitFor()));

  // What one can do with a message, each in their own language.
  await message(ming, "from TCP").hover();
  await message(ming, "from TCP").getByRole("button", { name: "回复", exact: true }).waitFor();
  await message(ann, "from TCP").hover();
  await message(ann, "from TCP").getByRole("button", { name: "Reply", exact: true }).waitFor();

  // Several lines are one message.
  await say(ann, "one\ntwo\n  three");
  await message(ming, "three").waitFor();
  assert.ok((await shown(ming)).includes("one\ntwo\n  three"));
  await irc.find(":one");

  plain.send("Q 小红");
  await ann.locator(".event", { hasText: "小红" }).last().waitFor();
  assert.deepEqual([...ann.complaints, ...ming.complaints], []);
  await Promise.all([ann, ming].map((page) => page.context().close()));
  irc.close();
  plain.socket.close();
});

test("one answers, reacts, takes back, and is seen to write", async () => {
  const [ann, ming] = [await enter(browser, server.url, "ann2"), await enter(browser, server.url, "ming2")];
  await say(ann, "what about tea?");
  const heard = message(ming, "what about tea?");
  await heard.hover();
  await heard.getByRole("button", { name: "React" }).click();
  await heard.getByRole("button", { name: "🎉" }).click();
  const face = message(ann, "what about tea?").getByRole("button", { name: "🎉 1" });
  await face.waitFor();
  await face.click();
  await heard.getByRole("button", { name: "🎉 2" }).click();
  await message(ann, "what about tea?").getByRole("button", { name: "🎉 1" }).waitFor();

  await heard.hover();
  await heard.getByRole("button", { name: "Reply" }).click();
  await ming.locator("#text").pressSequentially("ye");
  await ann.locator("#typing", { hasText: "ming2 is typing" }).waitFor();
  await ming.locator("#text").pressSequentially("s please");
  await ming.press("#text", "Enter");
  await message(ann, "yes please").locator(".quote", { hasText: "what about tea?" }).waitFor();

  assert.equal(await message(ann, "yes please").getByRole("button", { name: "Take back" }).count(), 0);
  await message(ming, "yes please").hover();
  await message(ming, "yes please").getByRole("button", { name: "Take back" }).click();
  for (const page of [ann, ming]) {
    await page.locator(".text.gone").waitFor();
    assert.ok(!(await shown(page)).includes("yes please"));
  }
  // Who comes later sees it so, from the history.
  const late = await enter(browser, server.url, "late");
  await message(late, "what about tea?").getByRole("button", { name: "🎉 1" }).waitFor();
  assert.ok(!(await shown(late)).includes("yes please"));
  await Promise.all([ann, ming, late].map((page) => page.context().close()));
});

test("rooms, and conversations of two", async () => {
  const [ann, ming] = [await enter(browser, server.url, "ann3"), await enter(browser, server.url, "ming3")];
  for (const page of [ann, ming]) {
    await page.getByRole("button", { name: "Find a room" }).click();
    await page.getByRole("textbox", { name: "Room" }).fill("茶");
    await page.getByRole("button", { name: "Join or make a room" }).click();
    await page.locator("#title", { hasText: "#茶" }).waitFor();
  }
  await ann.locator("#people-list li").nth(1).waitFor();
  await say(ann, "/topic 关于茶");
  await ming.locator("#topic", { hasText: "关于茶" }).waitFor();
  await ming.locator("#room-list button", { hasText: "#lobby" }).click();
  await say(ann, "only here");
  await ming.locator("#room-list button", { hasText: "#茶" }).locator(".badge", { hasText: "1" }).waitFor();
  assert.ok(!(await shown(ming)).includes("only here"));
  await ming.locator("#room-list button", { hasText: "#茶" }).click();
  await message(ming, "only here").waitFor();
  await ming.locator(".line.new").waitFor();
  await ming.waitForFunction(() => document.querySelector("#room-list .badge") === null);

  await ann.locator("#people-list button", { hasText: "ming3" }).click();
  await say(ann, "between us");
  await ming.locator("#room-list button", { hasText: "ann3" }).click();
  await message(ming, "between us").waitFor();
  await say(ming, "yes");
  await message(ann, "yes").waitFor();
  assert.ok(server.history().every((line) => line.text !== "between us"));
  // A page that is loaded again finds all of it.
  await ming.reload();
  await message(ming, "between us").waitFor();
  assert.equal(await ming.textContent("#title"), "ann3");
  await ann.locator("#room-list button", { hasText: "#茶" }).click();
  await ann.getByRole("button", { name: "Find a room" }).click();
  await ann.getByRole("button", { name: "Leave #茶" }).click();
  await ann.locator("#title", { hasText: "#lobby" }).waitFor();
  await ming.locator("#room-list button", { hasText: "#茶" }).click();
  await ming.waitForFunction(() => document.querySelector("#count").textContent === "1");
  await Promise.all([ann, ming].map((page) => page.context().close()));
});

test("names are one's own", async () => {
  const ann = await enter(browser, server.url, "ann4");
  const other = await visit(browser, server.url);
  await other.fill("#name", "Ann4");
  await other.press("#name", "Enter");
  await other.locator("#door-words", { hasText: "Choose another" }).waitFor();
  await ann.getByRole("button", { name: "Settings" }).click();
  await ann.getByRole("textbox", { name: "Keep this name" }).fill("correct horse battery");
  await ann.getByRole("button", { name: "Keep this name" }).click();
  await ann.locator("dialog [role=alert]", { hasText: "yours now" }).waitFor();
  await ann.keyboard.press("Escape");
  await ann.context().close();
  await other.fill("#name", "ann4");
  await other.fill("#password", "wrong horse battery");
  await other.press("#password", "Enter");
  await other.locator("#door-words:not(:empty)").waitFor();
  await other.fill("#password", "correct horse battery");
  await other.press("#password", "Enter");
  await other.waitForFunction(() => document.querySelector("#house").dataset.state === "in");
  assert.equal(await other.textContent("#me"), "ann4");
  await say(other, "/nick ann5"); // The account is the name.
  await other.locator("#say-words:not(:empty)").waitFor();
  const guest = await enter(browser, server.url, "guest");
  await say(guest, "/nick guest5");
  await guest.locator("#me", { hasText: "guest5" }).waitFor();
  await guest.reload();
  await guest.locator("#me", { hasText: "guest5" }).waitFor();
  await guest.context().close();
  await other.context().close();
});

test("what people write is text, and their names are", async () => {
  const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
  const irc = await Irc.enter(server.port, "evil<b>");
  const page = await enter(browser, server.url, "victim");
  const dialogs = [];
  page.on("dialog", (dialog) => dialogs.push(dialog.message()));
  irc.send(`TOPIC #lobby :${evil}`, `PRIVMSG #lobby :${evil} javascript:alert(3)`,
           "PRIVMSG #lobby :https://x.example/\"onmouseover=alert(4) `<i>`");
  await message(page, "onmouseover").waitFor();
  assert.equal(await page.locator("#log img, #log script, #log i, #topic img").count(), 0);
  const links = await page.locator("#log a").evaluateAll((nodes) => nodes.map((node) => node.getAttribute("href")));
  assert.ok(links.every((href) => /^https?:\/\//.test(href)), links);
  assert.ok((await shown(page)).some((text) => text.includes(evil)));
  assert.deepEqual([dialogs, page.complaints], [[], []]);
  await page.context().close();
  irc.close();
});
