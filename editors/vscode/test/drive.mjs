// Drives the packed extension in a real VS Code: code-server, looked at through headless Chromium.
//
//   npm install --prefix TOOLS playwright-core code-server@4.100.3     (and code-server's own steps, see its documentation)
//   TOOLS=… CHROMIUM=/usr/bin/chromium node test/drive.mjs http://127.0.0.1:8941 WORKSPACE SCREENSHOTS
//
// The server is started with the extension installed and `oomlint` on the path. Exits with 1 when the squiggles, the fix or
// what it saves are not as they are to be.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , address, workspace, shots] = process.argv;
const require = createRequire(join(process.env.TOOLS ?? ".", "package.json"));
const { chromium } = require("playwright-core");
mkdirSync(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
const step = async (name) => {
  await page.screenshot({ path: join(shots, `${name}.png`) });
  console.log("step", name);
};

let failed = false;
const expect = (what, holds) => {
  console.log(holds ? "ok" : "NOT OK", what);
  failed ||= !holds;
};

try {
  await page.goto(`${address}/?folder=${encodeURIComponent(workspace)}`);
  await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
  const trust = page.getByText("Yes, I trust the authors");
  await trust.click({ timeout: 8_000 }).catch(() => {});
  await page.locator(".explorer-folders-view").getByText("compose.yaml").dblclick();
  await page.waitForSelector(".squiggly-error", { timeout: 60_000 });
  await step("squiggles");
  expect("errors are drawn", (await page.locator(".squiggly-error").count()) > 0);

  await page.keyboard.press("Control+Shift+M");
  await page.waitForTimeout(1_500);
  await step("problems");
  const problems = await page.locator(".markers-panel").innerText();
  expect("the panel names the rule", problems.includes("invalid-memory-value"));

  // To the value, and its light bulb.
  await page.locator(".view-line").getByText("512Mi").first().click();
  await page.waitForTimeout(800);
  await page.keyboard.press("Control+.");
  await page.waitForTimeout(2_000);
  await step("actions");
  const fix = page.getByText("write `512MiB`", { exact: false }).first();
  expect("the fix is offered", await fix.isVisible());
  // The menu lies under a layer that takes clicks; the preferred fix is the one that is selected.
  await page.keyboard.press("Enter");
  await page.waitForTimeout(1_000);
  await page.keyboard.press("Control+S");
  await page.waitForTimeout(2_000);
  await step("fixed");
  expect("the fix is saved", readFileSync(join(workspace, "compose.yaml"), "utf8").includes("mem_limit: 512MiB"));
} catch (error) {
  await step("failed");
  console.log(String(error));
  failed = true;
}
await browser.close();
process.exit(failed ? 1 : 0);
