// Debian's Chromium, and people who look at the page in it.
import fs from "node:fs";
import { chromium } from "playwright-core";

const PATHS = [process.env.QUN_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];

export async function openBrowser() {
  const executablePath = PATHS.find((it) => it !== undefined && fs.existsSync(it));
  if (executablePath === undefined) {
    throw new Error("there is no Chromium: install Debian's package chromium");
  }
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** Somebody at the page's door; what the page complains of is kept in `page.complaints`. */
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1100, height: 700 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // That a connection breaks, browsers say by themselves.
    if (message.type() === "error" && !/WebSocket connection|ERR_CONNECTION|net::ERR/.test(message.text())) {
      page.complaints.push(message.text());
    }
  });
  await page.goto(url);
  return page;
}

export async function enter(browser, url, name, options = {}) {
  const page = await visit(browser, url, options);
  await page.fill("#name", name);
  await page.press("#name", "Enter");
  await page.waitForFunction(() => document.querySelector("#house").dataset.state === "in");
  return page;
}

export async function say(page, text) {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

export function message(page, text) {
  return page.locator(".message", { hasText: text });
}

/** What the page shows of what was said, in its order. */
export function shown(page) {
  return page.evaluate(() => [...document.querySelectorAll(".message .text")].map((node) => node.textContent));
}

/** What the client has of a room: texts, in order, and the states of one's own. */
export function held(page, room = "#lobby") {
  return page.evaluate((name) => globalThis.qun.chat.room(name).items
    .filter((item) => item.isSpoken).map((item) => ({ text: item.text, state: item.state })), room);
}
