// A VS Code that is started for a test, and the page that shows it.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The text of settings: some values, and those that keep VS Code quiet. */
function settings(values) {
  const fixed = {
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Light Modern",
    "workbench.tips.enabled": false,
    "security.workspace.trust.banner": "never",
    "extensions.ignoreRecommendations": true,
    "chat.commandCenter.enabled": false,
    "git.enabled": false,
    "editor.minimap.enabled": false,
    "window.commandCenter": false,
  };
  return JSON.stringify({ ...fixed, ...values });
}

/** VS Code's server, with an extension installed. Its settings and extensions are in `folder`. */
export class Server {
  constructor(tools, folder) {
    this.entry = join(tools, "node_modules/code-server/out/node/entry.js");
    this.extensions = join(folder, "extensions");
    this.user = join(folder, "user");
    this.config = join(folder, "config.yaml");
    this.process = undefined;
    mkdirSync(join(this.user, "User"), { recursive: true });
    writeFileSync(this.config, "bind-addr: 127.0.0.1:0\nauth: none\ncert: false\n");
    this.options = ["--config", this.config, "--user-data-dir", this.user, "--extensions-dir", this.extensions];
    this.options.push("--disable-telemetry", "--disable-update-check");
  }

  install(vsix) {
    const done = spawnSync(process.execPath, [this.entry, ...this.options, "--install-extension", vsix], { encoding: "utf8" });
    if (done.status !== 0) {
      throw new Error(done.stdout + done.stderr);
    }
  }

  /** The folder of the installed extension. */
  installed() {
    return join(this.extensions, readdirSync(this.extensions).find((name) => name.startsWith("oomlint.")));
  }

  /** Writes the settings of windows that are opened later. */
  settings(values) {
    writeFileSync(join(this.user, "User/settings.json"), settings(values));
  }

  /** Starts it. Only Node and the system's programs are on its PATH, no oomlint. Returns its address. */
  async start() {
    const env = { ...process.env, PATH: "/usr/bin:/bin", VSCODE_PROXY_URI: "" };
    this.process = spawn(process.execPath, [this.entry, ...this.options], { env, stdio: ["ignore", "pipe", "pipe"] });
    return new Promise((resolve, reject) => {
      let told = "";
      const read = (chunk) => {
        told += chunk;
        const found = told.match(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
        if (found) resolve(found[1]);
      };
      this.process.stdout.on("data", read);
      this.process.stderr.on("data", read);
      this.process.on("exit", () => reject(new Error(told)));
    });
  }

  stop() {
    this.process?.kill();
  }
}

/** The arguments of the language servers that run from a folder. */
export function servers(folder) {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    } catch {
      return []; // it ended
    }
  });
  return lines.filter(([program, first]) => program?.startsWith(folder) && first === "lsp").map((line) => line.slice(1));
}

export async function browser(tools) {
  const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
  });
}

/** A window of VS Code. */
export class Window {
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
    mkdirSync(shots, { recursive: true });
  }

  /** Opens a folder, and answers the question whether its authors are trusted. */
  static async open(browser, address, folder, { trusted, shots }) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    page.setDefaultTimeout(60_000);
    await page.goto(`${address}/?folder=${encodeURIComponent(folder)}`);
    await page.waitForSelector(".monaco-workbench");
    await page.getByRole("button", { name: trusted ? /^Yes, I trust/ : /^No, I don't trust/ }).click();
    await page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
    return new Window(page, shots);
  }

  /** Takes a picture. The pointer is moved away first, unless it shows something. */
  async shot(name, { stay = false } = {}) {
    if (!stay) await this.page.mouse.move(900, 500);
    await this.page.waitForTimeout(stay ? 500 : 1_000);
    await this.page.screenshot({ path: join(this.shots, `${name}.png`) });
  }

  /** Waits until something holds, and returns whether it came to hold. */
  async until(holds, seconds = 20) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
      if (await holds().catch(() => false)) return true;
      await this.page.waitForTimeout(250);
    }
    return false;
  }

  /** Opens a file of the folder from the explorer. */
  async file(path) {
    const parts = path.split("/");
    const rows = this.page.locator(".explorer-folders-view .monaco-list-row");
    for (const [at, part] of parts.entries()) {
      const row = rows.and(this.page.locator(`[aria-level="${at + 1}"]`)).filter({ has: this.page.getByText(part, { exact: true }) }).first();
      if (at + 1 === parts.length) await row.dblclick();
      else if ((await row.getAttribute("aria-expanded")) === "false") await row.click();
    }
    await this.page.locator(".tab.active").filter({ hasText: parts.at(-1) }).first().waitFor();
    await this.page.waitForTimeout(800);
  }

  /** Runs a command by its title. */
  async command(title) {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").first().fill(`>${title}`);
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    let at = -1;
    // Titles that begin with the same words are listed too, the one that was used last first.
    await this.until(async () => (at = (await rows.locator(".label-name").allInnerTexts()).findIndex((name) => name === title)) >= 0);
    if (at < 0) throw new Error(`no command ${title}: ${await rows.allInnerTexts()}`);
    for (let below = 0; below < at; below++) await this.page.keyboard.press("ArrowDown");
    await this.page.keyboard.press("Enter");
    await this.page.waitForTimeout(500);
  }

  /** Closes the active editor. */
  async closeTab() {
    await this.page.locator(".editor-group-container.active .tab.active .codicon-close").click();
    await this.page.waitForTimeout(300);
  }

  /** Puts the cursor to a line and column of the active editor. */
  async at(line, column) {
    await this.page.keyboard.press("Control+G");
    await this.page.locator(".quick-input-widget input").first().fill(`:${line}:${column}`);
    await this.page.waitForTimeout(300);
    await this.page.keyboard.press("Enter");
    await this.page.waitForTimeout(300);
  }

  /** Changes settings as a person does. */
  async settings(values) {
    await this.command("Preferences: Open User Settings (JSON)");
    await this.page.locator(".tab.active").filter({ hasText: "settings.json" }).waitFor();
    await this.page.locator(".editor-group-container.active .view-lines").click();
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.insertText(settings(values));
    await this.save();
    await this.closeTab();
  }

  async save() {
    await this.page.keyboard.press("Control+S");
    await this.page.waitForTimeout(800);
  }

  /** Opens the light bulb's menu at the cursor. Returns its entries in the order in which they are shown. */
  async menu() {
    const rows = this.page.locator(".action-widget .monaco-list-row.action");
    // Diagnostics of an edit arrive a little later; the menu does not wait for them.
    for (let tries = 0; tries < 5; tries++) {
      await this.page.keyboard.press("Control+.");
      if (await this.until(async () => (await rows.count()) > 0, 5)) break;
    }
    const shown = await rows.evaluateAll((rows) =>
      rows.map((row) => ({ top: row.getBoundingClientRect().top, text: row.innerText.trim() })),
    );
    return shown.sort((a, b) => a.top - b.top).map((row) => row.text.replace(/\s+/g, " "));
  }

  /** Picks an entry of the menu that is open: those above are passed with the arrow key, since a layer takes the clicks. */
  async pick(entries, wanted) {
    const at = entries.findIndex((entry) => entry.includes(wanted));
    if (at < 0) throw new Error(`no ${wanted} in ${entries.join(" | ")}`);
    for (let below = 0; below < at; below++) await this.page.keyboard.press("ArrowDown");
    await this.page.keyboard.press("Enter");
    await this.page.waitForTimeout(700);
  }

  async close() {
    await this.page.close();
  }

  /** The Problems panel's rows with a word. */
  async problems(word) {
    const filter = this.page.locator(".markers-panel-action-filter-container input, .viewpane-filter input").first();
    if ((await filter.inputValue()) !== word) {
      await filter.fill(word);
      await this.page.waitForTimeout(800);
    }
    return this.page.locator(".markers-panel .monaco-list-row").filter({ hasText: word }).allInnerTexts();
  }

  /** The text of the page that a webview shows, if it has some words. */
  async webview(words) {
    for (const frame of this.page.frames()) {
      const text = await frame.evaluate(() => document.body?.innerText ?? "").catch(() => "");
      if (frame !== this.page.mainFrame() && text.includes(words)) return { frame, text };
    }
    return undefined;
  }

  notifications() {
    return this.page.locator(".notification-toast .notification-list-item").evaluateAll((all) =>
      all.map((one) => ({
        text: one.querySelector(".notification-list-item-message")?.textContent ?? "",
        buttons: [...one.querySelectorAll(".notification-list-item-buttons-container a.monaco-button")].map((b) => b.textContent),
      })),
    );
  }
}
