// Drives the packed extension in a real VS Code, and looks at what a person would: squiggles, menus, pages, files that are saved.
// Usage: node drive.mjs TOOLS VSIX SCREENSHOTS (run.sh does it). Ends with 1 where something is not as it is to be.

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Server, Window, browser, servers } from "./editor.mjs";

const [, , tools, vsix, shots] = process.argv;
const only = process.env.ONLY?.split(",");
const scratch = mkdtempSync(join(tmpdir(), "oomlint-vscode-"));

let failed = 0;
const expect = (what, holds, seen) => {
  console.log(holds ? "ok     " : "NOT OK ", what);
  if (!holds) {
    failed += 1;
    if (seen !== undefined) console.log("        seen:", JSON.stringify(seen));
  }
};

const COMPOSE = `services:
  api:
    build: .
    mem_limit: 512Mi
  orders:
    build: ./orders
    mem_limit: 1g
  db:
    image: postgres:17
`;
const ORDERS = `FROM eclipse-temurin:21-jre
COPY app.jar /app.jar
ENTRYPOINT ["java", "-Xmx2g", "-jar", "/app.jar"]
`;

const write = (folder, files) => {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
};
const stack = write(join(scratch, "shop"), {
  "compose.yaml": COMPOSE,
  Dockerfile: 'FROM node:22-slim\nCOPY . .\nCMD ["node", "server.js"]\n',
  "orders/Dockerfile": ORDERS,
  "quiet.yaml": "rules:\n  heap-exceeds-limit: off\n",
  "values.yaml": "memory: 1g\n",
  "notes.txt": "nothing to lint\n",
});
const saved = (name) => readFileSync(join(stack, name), "utf8");

const server = new Server(resolve(tools), scratch);
let window;

/** The file as it was, in the editor too. */
async function restore(name, text) {
  writeFileSync(join(stack, name), text);
  await window.page.waitForTimeout(1_000);
}

/** Whether the Problems panel comes to show a word, or to show it no more. */
const shown = (word, there = true) => window.until(async () => (await window.problems(word)).length > 0 === there);

const LIMIT = [7, 16]; // of `1g`
const steps = {
  async squiggles() {
    await window.file("compose.yaml");
    expect("errors are underlined", await window.until(async () => (await window.page.locator(".squiggly-error").count()) >= 2));
    expect("warnings are underlined", (await window.page.locator(".squiggly-warning").count()) >= 1);
    await window.shot("squiggles");
  },

  async problems() {
    await window.command("Problems: Focus on Problems View");
    expect("the Problems panel names rules", (await shown("invalid-memory-value")) && (await shown("heap-exceeds-limit")));
    const ends = await window.problems("heap-exceeds-limit");
    expect("and the end in the Dockerfile, which is not open", ends.some((row) => row.includes("Ln 3, Col 21")), ends);
    await window.problems("");
    await window.shot("problems");
  },

  async bothEnds() {
    await window.file("orders/Dockerfile");
    const end = window.page.locator(".squiggly-info");
    expect("the Dockerfile's end of the finding is underlined", await window.until(async () => (await end.count()) > 0));
    await window.page.waitForTimeout(1_500);
    const rows = (await window.problems("heap-exceeds-limit")).filter((row) => row.includes("Ln 3"));
    expect("once, though the file was listed before it was opened", rows.length === 1, rows);
    await window.problems("");
    await window.page.locator(".view-line").getByText("-Xmx2g").first().hover();
    const hover = window.page.locator(".monaco-hover").filter({ hasText: "Java heap" });
    expect("its hover has the sum and leads to the Compose file", await window.until(async () => (await hover.first().innerText()).includes("compose.yaml")));
    await window.shot("both-ends", { stay: true });
    await window.at(1, 1);
    await window.command("View: Hide Panel");
  },

  async menu() {
    await window.file("compose.yaml");
    await window.at(...LIMIT);
    const entries = await window.menu();
    await window.shot("menu");
    console.log("        menu:", JSON.stringify(entries));
    const place = (word) => entries.findIndex((entry) => entry.includes(word));
    expect("the first entry raises the limit", entries[0]?.startsWith("raise the limit to"), entries);
    expect("the second lowers the heap", entries[1]?.includes("lower the heap to"), entries);
    const fixes = entries.filter((entry) => !/^(explain|ignore) /.test(entry)).length;
    expect("pages come after all fixes", place("explain heap-exceeds-limit") >= fixes, entries);
    const ignores = entries.slice(entries.findIndex((entry) => entry.startsWith("ignore ")));
    expect("`ignore` is at the end", ignores.length > 0 && ignores.every((entry) => entry.startsWith("ignore ")), entries);
    await window.page.keyboard.press("Escape");
  },

  async choices() {
    await window.file("compose.yaml");
    await window.at(...LIMIT);
    await window.pick(await window.menu(), "raise the limit");
    await window.save();
    expect("the raised limit is saved", /mem_limit: 2\d\d\dm/.test(saved("compose.yaml")), saved("compose.yaml"));
    await restore("compose.yaml", COMPOSE);
    await window.at(...LIMIT);
    await window.pick(await window.menu(), "lower the heap");
    await window.file("orders/Dockerfile");
    await window.save();
    expect("the lowered heap is saved in the Dockerfile", await window.until(async () => saved("orders/Dockerfile").includes("-Xmx768m"), 5));
    await restore("orders/Dockerfile", ORDERS);
  },

  async ignore() {
    await window.file("compose.yaml");
    const rule = "ignore heap-exceeds-limit";
    await window.at(...LIMIT);
    await window.pick(await window.menu(), rule);
    const input = window.page.locator(".quick-input-widget input").first();
    expect("`ignore` asks for a reason", await window.until(() => input.isVisible(), 5));
    await window.shot("ignore");
    await window.page.keyboard.press("Escape");
    await window.save();
    expect("without an answer nothing is written", saved("compose.yaml") === COMPOSE, saved("compose.yaml"));
    await window.at(...LIMIT);
    await window.pick(await window.menu(), rule);
    await input.fill("the heap stays below 600m, measured");
    await window.page.keyboard.press("Enter");
    await window.page.waitForTimeout(700);
    await window.save();
    const comment = "    # oomlint: ignore[heap-exceeds-limit] the heap stays below 600m, measured\n    mem_limit: 1g\n";
    expect("the comment and its reason are saved above the line", saved("compose.yaml").includes(comment), saved("compose.yaml"));
    const errors = window.page.locator(".squiggly-error");
    expect("the finding is gone", await window.until(async () => (await errors.count()) === 1));
    await window.shot("ignored");
    await restore("compose.yaml", COMPOSE);
    expect("and is back without the comment", await window.until(async () => (await errors.count()) >= 2));
  },

  async explain() {
    await window.file("compose.yaml");
    await window.at(...LIMIT);
    await window.pick(await window.menu(), "explain heap-exceeds-limit");
    const page = () => window.webview("The heap may grow to the container's memory limit");
    expect("the rule's page is shown in the editor", await window.until(async () => (await page()) !== undefined));
    const tabs = await window.page.locator(".tab").allInnerTexts();
    expect("as a page, not as a file", !tabs.some((tab) => /Untitled/.test(tab)), tabs);
    expect("with nothing to save", (await window.page.locator(".tab.dirty").count()) === 0, tabs);
    await window.shot("explain");
    await window.closeTab();
  },

  async budget() {
    await window.file("compose.yaml");
    await window.page.locator('.editor-actions [aria-label*="memory budget"]').first().click();
    const page = () => window.webview("3 services");
    expect("the button shows the budget", await window.until(async () => (await page()) !== undefined));
    const groups = window.page.locator(".editor-group-container");
    expect("next to the file", (await groups.count()) === 2, await groups.count());
    expect("which keeps the focus", (await window.page.locator(".editor-group-container.active .tab.active").innerText()).includes("compose.yaml"));
    await window.shot("budget");
    await window.settings({ "workbench.colorTheme": "Default Dark Modern" });
    const ground = async () => (await page())?.frame.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect("in the colours of a dark theme", await window.until(async () => (await ground()) === "rgb(31, 31, 31)"), await ground());
    await window.page.waitForTimeout(1_000);
    await window.shot("budget-dark");
    await window.settings({});
    await window.at(7, 18);
    await window.page.keyboard.press("Backspace");
    await window.page.keyboard.press("Backspace");
    await window.page.keyboard.type("3g");
    await window.save();
    expect("and is drawn again after a save", await window.until(async () => (await page())?.text.includes("3 GiB")), (await page())?.text);
    await window.settings({ "oomlint.hostMemory": "2g" });
    expect("and after a change of the host's memory", await window.until(async () => (await page())?.text.includes("2 GiB")), (await page())?.text);
    await window.settings({});
    await restore("compose.yaml", COMPOSE);
    await window.command("View: Close All Editors");
    await window.file("values.yaml");
    expect("YAML that is no Compose file is left alone", (await window.page.locator("[class*=squiggly-]").count()) === 0);
    await window.command("oomlint: Show the memory budget to the side");
    const why = () => window.webview("cannot tell whether");
    expect("and its budget says why there is none", await window.until(async () => (await why()) !== undefined));
    await window.command("View: Close All Editors");
    await window.file("notes.txt");
    await window.command("oomlint: Show the memory budget to the side");
    const told = async () => (await window.notifications()).map((one) => one.text);
    expect("a file without a budget is told so", await window.until(async () => (await told()).some((text) => text.includes("open a Compose file"))), await told());
    await window.command("Notifications: Clear All Notifications");
    await window.command("View: Close All Editors");
  },

  async settings() {
    await window.file("compose.yaml");
    await window.command("Problems: Focus on Problems View");
    expect("without settings: the recommended rules", (await shown("missing-healthcheck")) && (await shown("missing-cpu-limit", false)));
    await window.settings({ "oomlint.preset": "strict" });
    expect("preset strict: every rule", await shown("missing-cpu-limit"));
    await window.settings({ "oomlint.preset": "minimal" });
    expect("preset minimal: only errors", (await shown("missing-healthcheck", false)) && (await shown("heap-exceeds-limit")));
    await window.settings({ "oomlint.hostMemory": "512m" });
    expect("host memory: the limit is more than the host has", await shown("limit-exceeds-host"));
    // A path belongs to a machine: of a window that shows another, it is a setting of the folder.
    write(stack, { ".vscode/settings.json": JSON.stringify({ "oomlint.configuration": "quiet.yaml" }) });
    expect("configuration: its rule is off", await shown("heap-exceeds-limit", false));
    rmSync(join(stack, ".vscode"), { recursive: true });
    expect("and on again without it", await shown("heap-exceeds-limit"));
    await window.settings({ "oomlint.enable": false });
    expect("enable: off", await shown("invalid-memory-value", false));
    await window.settings({});
    expect("and on again", await shown("invalid-memory-value"));
    await window.problems("");
    await window.command("View: Hide Panel");

    const safe = COMPOSE.replace("mem_limit: 512Mi", "mem-limit: 512m");
    await restore("compose.yaml", safe);
    await window.file("compose.yaml");
    await window.until(async () => (await window.page.locator(".view-lines").first().innerText()).includes("mem-limit"));
    await window.at(1, 10);
    await window.page.keyboard.type(" ");
    await window.save();
    expect("without fix on save, the file stays", saved("compose.yaml").includes("mem-limit"), saved("compose.yaml"));
    await window.settings({ "oomlint.fixOnSave": true });
    await window.file("compose.yaml");
    await window.at(1, 10);
    await window.page.keyboard.type(" ");
    await window.save();
    expect("fix on save: safe fixes are made", await window.until(async () => saved("compose.yaml").includes("mem_limit: 512m"), 10), saved("compose.yaml"));
    expect("and no other", saved("compose.yaml").includes("mem_limit: 1g") && saved("orders/Dockerfile") === ORDERS);
    await window.settings({});
    await restore("compose.yaml", COMPOSE);

    await window.command("Preferences: Open Settings (UI)");
    await window.page.locator(".settings-editor .suggest-input-container").click();
    await window.page.keyboard.press("Control+A");
    await window.page.keyboard.type("@ext:oomlint.oomlint");
    const all = window.page.locator(".settings-editor .setting-item-contents");
    expect("the settings have a page", await window.until(async () => (await all.count()) >= 5), await all.count());
    await window.page.waitForTimeout(1_000);
    await window.shot("settings");
    await window.closeTab();
  },

  async status() {
    await window.file("compose.yaml");
    const item = window.page.locator('#status\\.languageStatus');
    await item.first().hover();
    const hover = window.page.locator(".monaco-hover").filter({ hasText: "Show the output" });
    expect("the status item has the version", await window.until(async () => /oomlint\s\d+\.\d+\.\d+/.test(await hover.first().innerText())));
    await window.shot("status", { stay: true });
    await window.page.mouse.move(600, 300);
  },
};

/** A folder that is not trusted: files outside of it are not read, until it is trusted. */
async function untrusted(chromium, address) {
  const folder = write(join(scratch, "strangers"), {
    "compose.yaml": "services:\n  orders:\n    build: ../outside\n    mem_limit: 1g\n    memory: 1g\n",
    ".vscode/settings.json": JSON.stringify({ "oomlint.path": "/bin/false" }),
  });
  write(join(scratch, "outside"), { Dockerfile: ORDERS });
  window = await Window.open(chromium, address, folder, { trusted: false, shots });
  await window.file("compose.yaml");
  const own = () => servers(server.installed()).filter((line) => line.includes("--restrict-to"));
  expect("not trusted: the server runs with --restrict-to", await window.until(async () => own().some((line) => line.join(" ") === `lsp --restrict-to ${folder}`)), servers(server.installed()));
  await window.command("Problems: Focus on Problems View");
  const errors = async () => (await window.problems("heap-exceeds-limit")).length > 0;
  expect("the file's own findings are there", await window.until(async () => (await window.page.locator(".squiggly-error").count()) > 0));
  expect("those of a file outside are not", !(await errors()));
  await window.problems("");
  expect("the program of the folder's settings is not started", (await window.notifications()).length === 0, await window.notifications());
  await window.page.locator('#status\\.languageStatus').first().hover();
  const hover = window.page.locator(".monaco-hover").filter({ hasText: "Show the output" });
  expect("the status item says so", await window.until(async () => (await hover.first().innerText()).includes("not trusted")));
  await window.shot("untrusted", { stay: true });
  await window.page.mouse.move(600, 300);
  rmSync(join(folder, ".vscode"), { recursive: true });
  await window.command("Workspaces: Manage Workspace Trust");
  await window.page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).click();
  await window.file("compose.yaml");
  expect("trusted: the file outside is read", await window.until(errors));
  expect("without --restrict-to", await window.until(async () => own().length === 0), servers(server.installed()));
  await window.close();
}

/** No program in the package, on the PATH or at the setting. */
async function missing(chromium, address) {
  const bin = join(server.installed(), "bin");
  renameSync(bin, `${bin}.away`);
  const one = async (words, action, name) => {
    window = await Window.open(chromium, address, stack, { trusted: true, shots });
    await window.file("compose.yaml");
    await window.until(async () => (await window.notifications()).length > 0);
    await window.page.waitForTimeout(1_500);
    const told = (await window.notifications()).filter((each) => each.text.includes("oomlint"));
    expect(`${name}: one notification`, told.length === 1 && told[0].text.includes(words), told);
    expect("with one action", told[0]?.buttons.length === 1 && told[0].buttons[0] === action, told);
    await window.shot(name);
  };
  await one("is not installed", "How to install it", "missing");
  await window.close();
  server.settings({ "oomlint.path": "/nowhere/oomlint" });
  await one("/nowhere/oomlint", "Open the setting", "missing-path");
  await window.page.getByRole("button", { name: "Open the setting" }).click();
  const setting = window.page.locator(".settings-editor .setting-item-contents").filter({ hasText: "Path" });
  expect("which opens the setting", await window.until(async () => (await setting.count()) > 0));
  await window.shot("missing-setting");
  server.settings({});
  await window.close();
  renameSync(`${bin}.away`, bin);
}

let chromium;
try {
  server.settings({});
  server.install(vsix);
  const address = await server.start();
  chromium = await browser(resolve(tools));
  window = await Window.open(chromium, address, stack, { trusted: true, shots });
  for (const [name, step] of Object.entries(steps)) {
    if (only && !only.includes(name)) continue;
    console.log(name);
    await step();
  }
  await window.close();
  for (const [name, step] of Object.entries({ untrusted, missing })) {
    if (only && !only.includes(name)) continue;
    console.log(name);
    await step(chromium, address);
  }
} catch (error) {
  await window?.shot("failed").catch(() => {});
  expect(String(error), false);
} finally {
  await chromium?.close();
  server.stop();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(failed ? `${failed} not ok` : "all ok");
process.exit(failed ? 1 : 0);
