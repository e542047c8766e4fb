// The page by keyboard alone, for screen readers, with an input method, in all looks.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { enter, message, openBrowser, say, visit } from "./help/browser.mjs";
import { Irc } from "./help/irc.mjs";
import { endAll, Qun } from "./help/qun.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.QUN_PICTURES;

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Qun.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await endAll();
});

async function faults(page) {
  await page.evaluate(AXE); // By the debugger: the page's own policy would not have it.
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}

test("axe finds nothing, in light and dark, wide and narrow, and in the dialogs", async () => {
  const irc = await Irc.enter(server.port, "小红");
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" },
                         { colorScheme: "light", viewport: { width: 390, height: 760 }, hasTouch: true }]) {
    const page = await visit(browser, server.url, options);
    assert.deepEqual(await faults(page), [], "the door");
    await page.fill("#name", `ann-${options.colorScheme}-${options.viewport?.width}`);
    await page.press("#name", "Enter");
    await page.waitForFunction(() => document.querySelector("#house").dataset.state === "in");
    irc.send("PRIVMSG #lobby :hello ann, see https://example.org/ and `code`", "PRIVMSG #lobby :更多文字");
    await message(page, "更多文字").last().waitFor();
    await say(page, "an answer");
    await page.locator('[data-state="kept"]').first().waitFor();
    server.admin("shout", "a word to all");
    await page.locator(".message.shout").last().waitFor();
    assert.deepEqual(await faults(page), [], "the room");
    for (const open of ["#settings-open", "#search-open"]) {
      if (options.viewport !== undefined && open === "#settings-open") {
        await page.click("#rooms-open");
      }
      await page.click(open);
      assert.deepEqual(await faults(page), [], open);
      await page.keyboard.press("Escape");
    }
    await page.context().close();
  }
  irc.close();
});

test("all of it by keyboard alone", async () => {
  const irc = await Irc.enter(server.port, "keys");
  const page = await visit(browser, server.url);
  await page.keyboard.type("typist"); // The name has the focus.
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#house").dataset.state === "in");
  await page.waitForFunction(() => document.activeElement.id === "text");
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await irc.find("second line");
  irc.send("PRIVMSG #lobby :react to this");
  await message(page, "react to this").waitFor();
  await page.keyboard.press("ArrowUp"); // The last message,
  await page.locator(".message:focus", { hasText: "react to this" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab"); // its second button,
  await page.keyboard.press("Enter");
  for (let n = 0; n < 8 && !(await page.evaluate(() => document.activeElement.closest(".picker"))); n++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter"); // and a face.
  await message(page, "react to this").locator(".face").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement.id === "text");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("keys-only");
  await page.keyboard.press("Enter");
  await page.locator("#title", { hasText: "#keys-only" }).waitFor();
  await page.keyboard.press("Alt+ArrowUp");
  await page.waitForFunction(() => document.querySelector("#title").textContent !== "#keys-only");
  await page.context().close();
  irc.close();
});

test("Enter while an input method is composing sends nothing", async () => {
  const page = await enter(browser, server.url, "pinyin");
  const session = await page.context().newCDPSession(page);
  await page.focus("#text");
  await session.send("Input.imeSetComposition", { text: "nihao", selectionStart: 5, selectionEnd: 5 });
  await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 });
  await session.send("Input.insertText", { text: "你好" });
  assert.equal(await page.inputValue("#text"), "你好");
  assert.equal(await page.evaluate(() => globalThis.qun.chat.outbox.length), 0);
  await page.keyboard.press("Enter");
  await message(page, "你好").waitFor();
  assert.equal(await message(page, "nihao").count(), 0);
  await page.context().close();
});

test("who looks elsewhere is told, in the title too", async () => {
  const page = await enter(browser, server.url, "away");
  const irc = await Irc.enter(server.port, "caller");
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  irc.send("PRIVMSG #lobby :away: are you there?", "PRIVMSG #lobby :just talk");
  await page.waitForFunction(() => document.title.startsWith("(1) "));
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.locator(".line.new").waitFor();
  await page.waitForFunction(() => !document.title.startsWith("("));
  await page.context().close();
  irc.close();
});

test("how it looks, and what it weighs", async (t) => {
  const irc = await Irc.enter(server.port, "小明", "#tea");
  irc.send("TOPIC #tea :茶 · tea, and what goes with it");
  const looks = { light: {}, dark: { colorScheme: "dark" },
                  phone: { viewport: { width: 390, height: 760 }, deviceScaleFactor: 2, hasTouch: true, locale: "zh-CN" } };
  for (const [name, options] of Object.entries(looks)) {
    const page = await enter(browser, server.url, `shown-${name}`, options);
    await page.evaluate(() => globalThis.qun.chat.join("#tea"));
    await page.locator("#room-list button", { hasText: "#tea" }).first().evaluate((node) => node.click());
    irc.send("PRIVMSG #tea :早上好！今天的茶是龙井 ☕", `PRIVMSG #tea :shown-${name}: see https://example.org/tea, or \`qun history\``);
    await message(page, "qun history").last().waitFor();
    await say(page, "Good morning! I'll have a cup.\nOr two.");
    await page.locator('.message[data-state="kept"]').last().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(wide, "nothing is wider than the screen");
    if (PICTURES !== undefined) {
      await page.screenshot({ path: path.join(PICTURES, `page-${name}.png`) });
    }
    await page.context().close();
  }
  irc.send("JOIN #lobby", "PRIVMSG #lobby :welcome", "PING said");
  await irc.find(":said");
  const page = await visit(browser, server.url);
  const weights = await page.evaluate(() => performance.getEntriesByType("resource")
    .concat(performance.getEntriesByType("navigation")).map((it) => [it.name, it.encodedBodySize]));
  const total = weights.reduce((sum, [, bytes]) => sum + bytes, 0);
  const began = Date.now();
  await page.fill("#name", "weigher");
  await page.press("#name", "Enter");
  await page.locator(".message").first().waitFor();
  t.diagnostic(`the page weighs ${total} bytes in ${weights.length} parts; from the name to the first message ${Date.now() - began} ms`);
  assert.ok(total > 5000 && total < 60 * 1024, `${total} bytes`);
  await page.context().close();
  irc.close();
});
