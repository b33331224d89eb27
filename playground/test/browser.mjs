// The page in headless Chromium, for the tests.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

const out = process.env.PLAYGROUND_OUT ?? fileURLToPath(new URL("../../target/playground", import.meta.url));
let browser;
export let server;

before(async () => {
  server = await serve(out);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** Opens the page, and fails if it complains or asks anyone but its server. */
export async function opened(options = {}, fragment = "") {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const requests = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  context.on("request", (request) => requests.push(request.url()));
  await page.goto(server.address + fragment);
  await page.waitForFunction(() => performance.getEntriesByName("findings").length > 0);
  return { page, context, complaints, requests };
}

export async function closed({ context, complaints }) {
  assert.deepEqual(complaints, []);
  await context.close();
}

/** Puts a text into the shown file, as one paste. */
export async function write(page, text) {
  const before = await page.evaluate(() => performance.getEntriesByName("findings").length);
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await page.waitForFunction((count) => performance.getEntriesByName("findings").length > count, before, { timeout: 60_000 });
}

export const settled = (page) => page.waitForTimeout(400);

/** The text of the shown file, whatever of it is on the screen. */
export async function fileText(page) {
  await page.evaluate(() => history.replaceState(null, "", location.pathname));
  await page.locator("#share").click();
  await page.waitForFunction(() => location.hash.length > 3);
  const { unpacked } = await import("../src/share.js");
  const { files } = await unpacked(new URL(page.url()).hash.slice(1));
  return files[await page.locator("#tabs [aria-selected=true]").getAttribute("data-path")];
}
