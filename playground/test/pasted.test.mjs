// What is pasted, and the plan for a host: the page in headless Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closed, fileText, opened, settled, write } from "./browser.mjs";

const MAY_PASTE = { permissions: ["clipboard-read", "clipboard-write"] };

/** Pastes as people do, with the keyboard. */
async function paste(page, text) {
  await page.evaluate((words) => navigator.clipboard.writeText(words), text);
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("ControlOrMeta+v");
}

const shownTab = (page) => page.locator("#tabs [aria-selected=true]").getAttribute("data-path");

test("docker run lines pasted into an empty page get a tab, findings and flags", async () => {
  const run = await opened(MAY_PASTE);
  const { page } = run;
  await page.locator("#examples").selectOption("");
  await settled(page);
  assert.deepEqual(await page.locator("#tabs [role=tab]").evaluateAll((all) => all.map((tab) => tab.dataset.path)), ["compose.yaml"]);
  assert.match(await page.locator(".cm-placeholder").innerText(), /docker run/);
  assert.match(await page.locator("#findings").innerText(), /^nothing to check yet/);
  await paste(page, "docker run -d --name cache -m 512m --memory-swap 256m redis:8\n");
  await page.locator("#tabs [data-path='run.txt']").waitFor();
  await page.locator("#findings .finding.error").waitFor();
  assert.match(await page.locator("#findings .help").first().innerText(), /--memory-swap 512m/);
  assert.match(await page.locator("#kind option:checked").innerText(), /^docker run lines/);
  // Chosen otherwise, it is checked otherwise.
  await page.locator("#kind").selectOption("text");
  await page.locator("#findings .empty").waitFor();
  await page.locator("#kind").selectOption("run");
  await page.locator("#findings .finding.error").waitFor();
  // The budget has the container, and a link what was chosen.
  assert.match(await page.locator("#budget").innerText(), /512 MiB/);
  await page.locator("#share").click();
  await page.waitForFunction(() => location.hash.length > 3);
  const again = await opened({}, new URL(page.url()).hash);
  assert.equal(await again.page.locator("#kind").inputValue(), "run");
  assert.equal(await again.page.locator("#findings").innerText(), await page.locator("#findings").innerText());
  await closed(again);
  await closed(run);
});

test("docker inspect JSON pasted over a file names a tab, and undo brings the file back", async () => {
  const run = await opened(MAY_PASTE);
  const { page } = run;
  const container = { Name: "/web", State: { Status: "running", OOMKilled: true }, HostConfig: { Memory: 268435456, MemorySwap: 268435456 }, Config: { Image: "node:22", Env: ["NODE_OPTIONS=--max-old-space-size=512", "TOKEN=hunter2"], Cmd: ["node", "a.js"] } };
  await paste(page, JSON.stringify([container], null, 2));
  await page.locator("#tabs [data-path='containers.json']").waitFor();
  assert.match(await page.locator("#notice").innerText(), /named containers.json: it is docker inspect JSON/);
  await page.locator("#findings .finding.error", { hasText: "web" }).waitFor();
  assert.match(await page.locator("#findings .help").first().innerText(), /docker update --memory \S+ --memory-swap \S+ web/);
  assert.doesNotMatch(await page.locator("#right").innerText(), /hunter2/);
  await page.locator("#findings .finding.error .place").first().click();
  assert.ok((await page.locator(".cm-flash").count()) > 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.locator("#tabs [data-path='compose.yaml']").waitFor();
  await settled(page);
  assert.equal(await shownTab(page), "compose.yaml");
  assert.match(await fileText(page), /mem_limit: 512m/);
  await closed(run);
});

test("files of a folder are only checked once they are named", async () => {
  const run = await opened();
  const { page } = run;
  const folder = join(mkdtempSync(join(tmpdir(), "playground-")), "files");
  mkdirSync(folder);
  writeFileSync(join(folder, "compose.yaml"), "services:\n  a:\n    image: redis:8\n");
  writeFileSync(join(folder, "notes.txt"), "docker run -d -m 512m --memory-swap 256m mysql:8\n");
  await page.locator("#open-files").setInputFiles([join(folder, "compose.yaml"), join(folder, "notes.txt")]);
  await settled(page);
  await page.locator("#tabs [data-path='notes.txt']").click();
  assert.match(await page.locator("#hint").innerText(), /looks like docker run lines/);
  assert.doesNotMatch(await page.locator("#findings").innerText(), /memory-swap/);
  await page.locator("#hint button").click();
  await page.locator("#findings .finding.error", { hasText: "--memory-swap" }).waitFor();
  assert.equal(await page.locator("#hint").isVisible(), false);
  await closed(run);
});

test("the plan follows each keystroke and the host, and says what would make it fit", async () => {
  const run = await opened();
  const { page } = run;
  await page.locator("#examples").selectOption("8");
  const plan = page.locator("#fit .plan");
  await plan.waitFor();
  assert.equal(await page.locator("#tab-fit").getAttribute("aria-selected"), "true");
  assert.equal(await page.locator("#host-sizes [data-size='4g']").getAttribute("aria-pressed"), "true");
  assert.match(await plan.locator(".verdict").innerText(), /^fits 4 GiB/);
  assert.match(await plan.locator(".sum").innerText(), /6 services: limits of .* for the host = .* of 4 GiB/);
  assert.deepEqual(await plan.locator("tbody th").allInnerTexts(), ["web", "api", "worker", "db", "cache", "metrics"]);
  await page.locator("#host-sizes [data-size='2g']").click();
  await plan.locator(".verdict.over").waitFor();
  assert.equal(await page.locator("#host-memory").inputValue(), "2g");
  assert.match(await plan.innerText(), /what would make it fit[\s\S]*lower the Java heap of api[\s\S]*use a host with/);
  assert.equal(await page.locator("#write-plan").count(), 0);
  await page.locator("#host-memory").fill("16g");
  await plan.locator(".verdict.good").waitFor();
  // A service that is typed is in the plan, and one that Compose refuses ends it.
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.insertText("\n  mail:\n    image: axllent/mailpit\n");
  await plan.locator("tbody th", { hasText: "mail" }).waitFor();
  await page.keyboard.insertText("    mem_limit: 5x\n");
  await page.locator("#fit .failure").waitFor();
  await page.locator("#tabs [role=tab]").first().focus();
  await page.locator("#fit .failure .place").click();
  assert.equal((await page.locator(".cm-activeLine").innerText()).trim(), "mem_limit: 5x");
  assert.equal(await page.evaluate(() => document.activeElement.id), "editor");
  await page.locator("#host-memory").fill("");
  await write(page, "services:\n  a:\n    image: redis:8\n");
  await page.locator("#fit .empty", { hasText: "choose the memory of the host" }).waitFor();
  await closed(run);
});

test("a plan is added as a file, or written into the files", async () => {
  const run = await opened();
  const { page } = run;
  await page.locator("#examples").selectOption("8");
  await page.locator("#write-plan").click();
  const dialog = page.locator("#fix-dialog");
  await dialog.locator(".diff .added").first().waitFor();
  assert.match(await dialog.locator(".diff").innerText(), /compose.limits.yaml/);
  const before = await page.locator("#tabs [role=tab]").count();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#tabs [role=tab]").count(), before);
  await page.locator("#write-plan").click();
  await dialog.getByRole("button", { name: "Add compose.limits.yaml" }).click();
  await page.locator("#tabs [data-path='compose.limits.yaml']").waitFor();
  assert.equal(await shownTab(page), "compose.limits.yaml");
  assert.match(await fileText(page), /written by `oomlint fit`[\s\S]*mem_limit/);
  await page.locator("#write-plan").click();
  await dialog.getByRole("radio", { name: /into the files/ }).check();
  assert.match(await dialog.locator(".diff").innerText(), /\+\+\+ b\/compose.yaml/);
  await dialog.getByRole("button", { name: "Apply" }).click();
  await page.locator("#fit .empty", { hasText: "the files have the plan already" }).waitFor();
  assert.equal(await shownTab(page), "compose.yaml");
  await page.locator("#tab-findings").click();
  assert.doesNotMatch(await page.locator("#findings").innerText(), /no memory limit/);
  await closed(run);
});

test("the new controls work with the keyboard alone, and have names", async () => {
  const run = await opened();
  const { page } = run;
  await page.locator("#examples").selectOption("8");
  await settled(page);
  await page.locator("#tab-findings").click();
  // From the tab of a file to what it is checked as, by Tab.
  await page.locator("#tabs [aria-selected=true]").focus();
  for (let step = 0; step < 8 && (await page.evaluate(() => document.activeElement.id)) !== "kind"; step += 1) await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "kind");
  assert.equal(await page.getByRole("combobox", { name: "checked as" }).count(), 1);
  await page.locator("#tab-findings").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.id), "tab-fit");
  await page.locator("#fit .plan").waitFor();
  // The panel of the tab, its sizes, its table, its button: each within reach of Tab.
  const reached = [];
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      return element.closest("#panel-fit") ? element.id || element.dataset.size || element.getAttribute("aria-label") || element.textContent : null;
    });
    if (at) reached.push(at);
    if (at === "write-plan") break;
  }
  for (const wanted of ["4g", "api", "write-plan"]) assert.ok(reached.includes(wanted), `${wanted} in ${reached}`);
  assert.ok(reached.some((name) => name.startsWith("plan of compose.yaml")));
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Write the plan" });
  await dialog.waitFor();
  assert.equal(await dialog.getByRole("group", { name: "where" }).count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Add compose.limits.yaml");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ArrowDown");
  await dialog.getByRole("button", { name: "Apply" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "write-plan", "the focus goes back");
  assert.equal(await page.getByRole("group", { name: "host memory" }).getByRole("button", { pressed: true }).innerText(), "4g");
  assert.equal(await page.getByRole("tabpanel", { name: "Fit" }).count(), 1);
  assert.equal(await page.getByRole("region", { name: "plan of compose.yaml for 4 GiB" }).count() > 0, true);
  await closed(run);
});
