// Measures the page in headless Chromium: from navigation to the first finding, and what a keystroke costs. Medians of ten.

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

const out = process.env.PLAYGROUND_OUT ?? fileURLToPath(new URL("../../target/playground", import.meta.url));
const server = await serve(out);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"] });
const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const shown = (numbers) => `median ${middle(numbers).toFixed(1)} ms, ${Math.min(...numbers).toFixed(1)} to ${Math.max(...numbers).toFixed(1)}`;

const first = [];
const keys = [];
const answers = [];
for (let round = 0; round < 10; round += 1) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  await page.goto(server.address);
  await page.waitForFunction(() => performance.getEntriesByName("first-finding").length > 0);
  first.push(await page.evaluate(() => performance.getEntriesByName("first-finding")[0].startTime));
  await page.waitForTimeout(300);
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+End");
  const typed = await page.evaluate(async () => {
    const content = document.getElementById("editor").shadowRoot.querySelector(".cm-content");
    const [own, whole] = [[], []];
    for (let n = 0; n < 20; n += 1) {
      const before = performance.getEntriesByName("findings").length;
      const begun = performance.now();
      content.focus();
      document.execCommand("insertText", false, n % 10 === 9 ? "\n" : "#");
      own.push(performance.now() - begun);
      while (performance.getEntriesByName("findings").length === before) await new Promise((resolve) => setTimeout(resolve, 0));
      whole.push(performance.now() - begun);
    }
    return { own, whole };
  });
  keys.push(middle(typed.own));
  answers.push(middle(typed.whole));
  await context.close();
}
console.log(`navigation to the first finding: ${shown(first)}`);
console.log(`a keystroke in the editor: ${shown(keys)}`);
console.log(`from a keystroke to its findings and budget: ${shown(answers)}`);
await browser.close();
server.close();
