// The whole history by scrolling up, and by searching; the view stays where it is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, message, openBrowser, say, shown } from "./help/browser.mjs";
import { Irc } from "./help/irc.mjs";
import { endAll, Qun } from "./help/qun.mjs";

const COUNT = process.env.QUN_LONG ? 20000 : 3000;

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Qun.start("--rate", "1000000:1000000"), openBrowser()]);
  const irc = await Irc.enter(server.port, "carl");
  for (let n = 0; n < COUNT; n += 100) {
    irc.send(...Array.from({ length: 100 }, (_, at) => `PRIVMSG #lobby :line ${n + at} 第${n + at}行`), `PING p${n}`);
    await irc.find(` :p${n}`);
    irc.lines.length = 0;
  }
  irc.close();
});
after(async () => {
  await browser?.close();
  await endAll();
});

test("one scrolls up to the first of thousands, and each is there once", async () => {
  const page = await enter(browser, server.url, "ann");
  await message(page, `line ${COUNT - 1} `).waitFor();
  // The view stays where it is while a page comes in above, and while somebody says something.
  const place = (top) => page.evaluate((scrollTop) => {
    const log = document.querySelector("#log");
    log.scrollTop = scrollTop ?? log.scrollTop;
    const first = [...log.querySelectorAll(".message")].find((it) => it.offsetTop + it.offsetHeight > log.scrollTop + 40);
    return { text: first.querySelector(".text").textContent, offset: Math.round(first.offsetTop - log.scrollTop) };
  }, top);
  const count = () => page.locator("#log .message").count();
  const had = await count();
  const before = await place(300);
  const isSame = (now) => assert.ok(now.text === before.text && Math.abs(now.offset - before.offset) <= 1,
                                    `${JSON.stringify(before)} became ${JSON.stringify(now)}`);
  await page.waitForFunction((n) => document.querySelectorAll("#log .message").length > n, had);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  isSame(await place());
  const irc = await Irc.enter(server.port, "dora");
  irc.send("PRIVMSG #lobby :something new");
  await page.waitForFunction(() => globalThis.qun.chat.room("#lobby").newest.text === "something new");
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  isSame(await place());
  irc.close();
  // Up to the beginning, a screen at a time; what is passed is what was said, and there is no gap.
  const passed = await page.evaluate(async () => {
    const log = document.querySelector("#log");
    const seen = new Map();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    while (document.querySelector(".line")?.textContent !== "The beginning" || log.scrollTop > 0) {
      for (const node of log.querySelectorAll(".message .text")) {
        seen.set(node.textContent, true);
      }
      log.scrollTop -= 3 * log.clientHeight;
      await frame();
    }
    log.querySelectorAll(".message .text").forEach((node) => seen.set(node.textContent, true));
    return { seen: [...seen.keys()], nodes: log.childElementCount };
  });
  const lines = passed.seen.filter((text) => text.startsWith("line "));
  assert.equal(lines.length, COUNT);
  assert.ok(passed.nodes < 500, `${passed.nodes} nodes at most`);
  const held = await page.evaluate(() => globalThis.qun.chat.room("#lobby").items.map((it) => it.text));
  assert.deepEqual(held.filter((text) => text?.startsWith("line ")),
                   Array.from({ length: COUNT }, (_, n) => `line ${n} 第${n}行`));
  const first = (await shown(page)).find((text) => text.startsWith("line "));
  assert.equal(first, "line 0 第0行");
  // And down again, to the newest.
  await page.getByRole("button", { name: "Newest" }).click();
  await message(page, "something new").waitFor();
  await page.context().close();
});

test("one finds what was said, in Chinese too", async () => {
  const page = await enter(browser, server.url, "bob");
  await say(page, "我们明天去喝茶吧");
  await message(page, "喝茶").waitFor();
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("searchbox").fill("喝茶");
  await page.keyboard.press("Enter");
  await page.locator(".found", { hasText: "我们明天去喝茶吧" }).click();
  await page.locator(".message:focus", { hasText: "喝茶" }).waitFor();
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("searchbox").fill("nothing like this");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing found.").waitFor();
  await page.context().close();
});
