// Nothing is lost and nothing comes twice: over a cut network, the death of the server, a closed page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, held, message, openBrowser, say, shown } from "./help/browser.mjs";
import { Cable } from "./help/cable.mjs";
import { Irc } from "./help/irc.mjs";
import { endAll, eventually, Qun } from "./help/qun.mjs";

const COUNT = 500;
const CUT_MS = 10000;

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await endAll();
});

/** Says so many lines by the page's own form, some ahead of what is kept. */
function talk(page, name, from, to) {
  return page.evaluate(async ([who, first, end]) => {
    const { chat } = globalThis.qun;
    const text = document.querySelector("#text");
    for (let n = first; n < end; n++) {
      text.value = `${who} ${n}`;
      document.querySelector("#say").requestSubmit();
      while (chat.outbox.length >= 20 && chat.link.state === "in") {
        await new Promise((resolve) => chat.addEventListener("room", resolve, { once: true }));
      }
      await new Promise((resolve) => setTimeout(resolve, 20)); // As fast as nobody types.
    }
  }, [name, from, to]);
}

test("500 messages over a cut of ten seconds and the death of all processes", async () => {
  const server = await Qun.start("--rate", "100000:100000");
  const cable = await Cable.lay(server.port);
  const irc = await Irc.enter(server.port, "carl");
  const ann = await enter(browser, cable.url, "ann");
  const bob = await enter(browser, server.url, "bob");
  const said = Promise.all([
    talk(ann, "ann", 0, COUNT / 2),
    talk(bob, "bob", 0, COUNT / 2),
    (async () => {
      await irc.find("ann 50");
      cable.cut();
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
      cable.mend();
      await eventually(() => irc.lines.some((line) => line.includes("ann 60")), "ann to be back");
      await server.killAllAndRestart();
    })(),
  ]);
  await said;
  const all = (page) => held(page).then((items) => items.map((it) => it.text).filter((text) => /^(ann|bob) \d+$/.test(text)));
  for (const page of [ann, bob]) {
    await eventually(async () => (await all(page)).length >= COUNT &&
      (await page.evaluate(() => globalThis.qun.chat.outbox.length)) === 0,
      "all to be kept", 60000);
  }
  const kept = server.history("--last", "5000").map((line) => line.text).filter((text) => /^(ann|bob) \d+$/.test(text));
  assert.equal(kept.length, COUNT);
  assert.equal(new Set(kept).size, COUNT, "once each");
  for (const name of ["ann", "bob"]) {
    assert.deepEqual(kept.filter((text) => text.startsWith(name)),
                     Array.from({ length: COUNT / 2 }, (_, n) => `${name} ${n}`), "each in the order in which it was said");
  }
  assert.deepEqual(await all(ann), kept);
  assert.deepEqual(await all(bob), kept);
  assert.ok((await held(ann)).every((it) => it.state === undefined || it.state === "kept"));
  const lines = (await shown(ann)).filter((text) => /^(ann|bob) \d+$/.test(text));
  assert.ok(lines.length > 100);
  assert.deepEqual(lines, kept.slice(-lines.length), "and so it is shown");
  await Promise.all([ann, bob].map((page) => page.context().close()));
  irc.close();
  cable.stop();
  await server.stop();
});

test("what was on its way when the page was closed is said when it is open again, once", async () => {
  const server = await Qun.start();
  const cable = await Cable.lay(server.port);
  const ann = await enter(browser, cable.url, "ann");
  const bob = await Irc.enter(server.port, "bob");
  await say(ann, "before");
  await bob.find("before");
  cable.cut();
  await say(ann, "meanwhile");
  assert.equal((await held(ann)).at(-1).state, "sending");
  cable.mend();
  await ann.reload();
  await bob.find("meanwhile");
  await message(ann, "meanwhile").waitFor();
  await eventually(async () => (await held(ann)).at(-1).state === "kept", "it to be kept");
  await ann.reload();
  await message(ann, "meanwhile").waitFor();
  assert.equal(bob.heard().filter((text) => text === "meanwhile").length, 1);
  assert.ok(!bob.lines.some((line) => / (QUIT|PART) /.test(line)), "nobody heard that ann was away");
  assert.equal((await shown(ann)).filter((text) => text === "meanwhile").length, 1);
  await ann.context().close();
  bob.close();
  cable.stop();
  await server.stop();
});

test("what is refused says why, and can be sent again", async () => {
  const server = await Qun.start();
  const ann = await enter(browser, server.url, "ann");
  server.admin("mute", "ann");
  await say(ann, "may I?");
  const failed = message(ann, "may I?");
  await failed.getByText("failed").waitFor();
  server.admin("unmute", "ann");
  await failed.getByRole("button", { name: "Send again" }).click();
  await eventually(async () => (await held(ann)).at(-1).state === "kept", "it to be kept");
  server.admin("mute", "ann");
  await say(ann, "and now?");
  await message(ann, "and now?").getByRole("button", { name: "Give up" }).click();
  await message(ann, "and now?").waitFor({ state: "detached" });
  await ann.context().close();
  await server.stop();
});
