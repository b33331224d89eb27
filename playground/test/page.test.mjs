// Drives the page in headless Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closed, fileText, opened, server, settled, write } from "./browser.mjs";

test("the first findings are those of the example, across two files", async () => {
  const run = await opened();
  const { page } = run;
  const first = page.locator("#findings .finding").first();
  assert.match(await first.innerText(), /heap/i);
  assert.ok((await page.locator(".cm-lintRange-error, .cm-lintRange-hint").count()) > 0);
  // The other end of the first finding is in the other tab.
  const tab = () => page.locator("#tabs [aria-selected=true]").getAttribute("data-path");
  const other = first.locator(".place", { hasText: "api/Dockerfile" }).first();
  await other.click();
  assert.equal(await tab(), "api/Dockerfile");
  assert.ok((await page.locator(".cm-flash").count()) > 0);
  await first.locator(".place", { hasText: "compose.yaml" }).first().click();
  assert.equal(await tab(), "compose.yaml");
  await closed(run);
});

test("a fix shows its diff first, is applied, and can be undone", async () => {
  const run = await opened();
  const { page } = run;
  await page.locator("#examples").selectOption("1");
  await settled(page);
  const before = await fileText(page);
  const findings = await page.locator("#findings .finding").count();
  await page.locator("#findings .fix").first().click();
  const dialog = page.locator("#fix-dialog");
  await dialog.waitFor();
  assert.ok((await dialog.locator(".added").count()) > 0);
  assert.doesNotMatch(await page.locator("body").innerText(), /\bnull\b|undefined|\[object/);
  await page.keyboard.press("Escape");
  assert.equal(await fileText(page), before);
  await page.locator("#findings .fix").first().click();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await settled(page);
  assert.ok((await page.locator("#findings .finding").count()) < findings);
  // The change is in the history of the file that it is in.
  await page.locator("#findings .message").first().click().catch(() => {});
  await page.locator("#fix-all").click();
  await dialog.waitFor();
  await dialog.getByRole("checkbox").check();
  await dialog.locator(".added").first().waitFor();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await settled(page);
  assert.match(await page.locator("#summary").innerText(), /^(no findings|\d+ notes?|\d+ warnings?(, \d+ notes?)?)$/);
  await closed(run);
});

test("typing has its own findings, and undo takes them back", async () => {
  const run = await opened();
  const { page } = run;
  await write(page, "services:\n  db:\n    image: postgres:17\n    mem_limit: 4m\n");
  await settled(page);
  assert.match(await page.locator("#findings").innerText(), /4 MiB/);
  await page.keyboard.press("ControlOrMeta+z");
  await settled(page);
  assert.match(await fileText(page), /mem_limit: 512m/);
  await closed(run);
});

test("a link carries files and options", async () => {
  const run = await opened({ permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = run;
  const text = "services:\n  größe:\n    image: redis:8\n    mem_limit: 5m # 👩‍🚀\n";
  await write(page, text);
  await page.locator("#host-memory").fill("3g");
  await page.locator("#preset").selectOption("strict");
  await settled(page);
  await page.locator("#share").click();
  await page.locator("#notice").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const fragment = new URL(link).hash;
  const again = await opened({}, fragment);
  await settled(again.page);
  assert.equal(await again.page.locator("#host-memory").inputValue(), "3g");
  assert.equal(await again.page.locator("#preset").inputValue(), "strict");
  assert.equal(await fileText(again.page), text);
  assert.equal(await again.page.locator("#findings").innerText(), await page.locator("#findings").innerText());
  await closed(again);
  await closed(run);
});

test("a broken or too large link is said, and the page works", async () => {
  for (const fragment of ["#1.%%%", "#1.AAAA", `#1.${"A".repeat(40_000)}`]) {
    const run = await opened({}, fragment);
    assert.match(await run.page.locator("#notice").innerText(), /the link cannot be read/);
    assert.ok((await run.page.locator("#findings .finding").count()) > 0);
    await closed(run);
  }
  const run = await opened();
  let seed = 7;
  const noise = Array.from({ length: 60_000 }, () => ((seed = (seed * 48271) % 2147483647) % 36).toString(36)).join("");
  await write(run.page, `# ${noise}\n`);
  await run.page.locator("#share").click();
  await run.page.locator("#notice").filter({ hasText: "KiB is the most" }).waitFor();
  await closed(run);
});

test("2 MB of input do not hold up the page", async () => {
  const run = await opened();
  const { page } = run;
  const variables = Array.from({ length: 120 }, (_, n) => `      VARIABLE_${n}: "${"x".repeat(40)}"\n`).join("");
  const services = Array.from({ length: 280 }, (_, n) => `  service-${n}:\n    image: redis:8\n    mem_limit: 64m\n    environment:\n${variables}`);
  const text = `services:\n${services.join("")}`;
  assert.ok(text.length > 1_900_000);
  await page.locator("#open-files").setInputFiles([{ name: "compose.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) }]);
  await page.locator("#notice").waitFor();
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+Home");
  const begun = Date.now();
  await page.keyboard.type("# typed\n");
  assert.ok(Date.now() - begun < 5_000, `${Date.now() - begun} ms`);
  // The findings of the large file, a service in the middle of it among them, come when they are ready.
  await page.locator("#findings", { hasText: "service-" }).waitFor({ timeout: 120_000 });
  assert.ok((await page.locator("#findings .finding").count()) <= 200);
  await closed(run);
});

test("broken input gets findings with places", async () => {
  const run = await opened();
  const { page } = run;
  for (const text of ["services:\n\ta: 1\n", "services: [", "\u0000\u0001", "services:\n  a: {image: 'x\n", "<script>alert(1)</script>", "services:\n  '<img src=x onerror=alert(1)>':\n    mem_limit: 1\n"]) {
    await write(page, text);
    await settled(page);
    assert.ok((await page.locator("#findings").innerText()).length > 0, text);
    assert.equal(await page.locator("#findings script, #findings img").count(), 0);
  }
  await page.locator("#add-file").click();
  await page.locator("#name-input").fill(".oomlint.yaml");
  await page.keyboard.press("Enter");
  await page.locator("#tabs [data-path='.oomlint.yaml']").waitFor();
  await page.keyboard.insertText("preset: strickt\n");
  await page.locator(".failure", { hasText: "strickt" }).waitFor();
  await page.locator("#tabs [data-path='compose.yaml']").click();
  await page.locator(".failure .place").click();
  assert.equal(await page.locator("#tabs [aria-selected=true]").getAttribute("data-path"), ".oomlint.yaml");
  await closed(run);
});

test("nothing is asked of anyone after the page has loaded", async () => {
  const run = await opened();
  const { page, requests } = run;
  await settled(page);
  const loaded = requests.length;
  assert.ok(requests.every((url) => url.startsWith(server.address) || url.startsWith("data:")), requests.join("\n"));
  for (const example of ["1", "2", "3", "4", "5", "6", "7", "8"]) {
    await page.locator("#examples").selectOption(example);
    await settled(page);
    assert.ok((await page.locator("#findings .finding").count()) > 0, example);
  }
  await page.locator("#tab-fit").click();
  await page.locator("#fit .plan").waitFor();
  await page.locator("#tab-findings").click();
  await page.locator("#findings .rule").first().click();
  await page.locator("#rule h2").waitFor();
  await page.locator("#tab-facts").click();
  await page.locator("#facts button").first().waitFor();
  await page.locator("#share").click();
  await settled(page);
  assert.deepEqual(requests.slice(loaded).filter((url) => !url.startsWith("data:")), []);
  const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
  assert.match(policy, /^default-src 'none'/);
  // What is typed into an editable element comes with attributes of style, from the browser itself. Nothing else is inline.
  assert.doesNotMatch(policy.replace("style-src-attr 'unsafe-inline'", ""), /unsafe-inline|'unsafe-eval'|https?:|\*/);
  await closed(run);
});

test("the budget follows the text and the host's memory", async () => {
  const run = await opened();
  const { page } = run;
  const bytes = () => page.locator(".picture rect[data-bytes]").evaluateAll((bars) => bars.reduce((sum, bar) => sum + Number(bar.dataset.bytes), 0));
  await write(page, "services:\n  a:\n    image: redis:8\n    mem_limit: 256m\n  b:\n    image: nginx\n    mem_limit: 128m\n");
  await settled(page);
  assert.equal(await bytes(), 384 * 1024 * 1024);
  await page.locator("#host-memory").fill("300m");
  await settled(page);
  assert.match(await page.locator(".verdict").innerText(), /does not fit/);
  assert.equal(await page.locator(".picture .host").count(), 1);
  await page.locator("#host-memory").fill("2 elephants");
  await settled(page);
  assert.ok((await page.locator("#host-problem").innerText()).length > 0);
  await page.locator(".numbers summary").click();
  await page.locator(".numbers button", { hasText: "b" }).click();
  await closed(run);
});

test("files are added, renamed, removed, brought back and dropped", async () => {
  const run = await opened();
  const { page } = run;
  const tabs = () => page.locator("#tabs [role=tab]").evaluateAll((all) => all.map((tab) => tab.dataset.path));
  await page.locator("#add-file").click();
  await page.locator("#name-input").fill("../etc/passwd");
  await page.keyboard.press("Enter");
  assert.match(await page.locator("#name-problem").innerText(), /write it as/);
  await page.locator("#name-input").fill("web/Dockerfile");
  await page.keyboard.press("Enter");
  await page.locator("#tabs [data-path='web/Dockerfile']").waitFor();
  await page.keyboard.insertText("FROM node:22\n");
  assert.deepEqual(await tabs(), ["compose.yaml", "api/Dockerfile", "web/Dockerfile"]);
  await page.locator("#rename-file").click();
  await page.locator("#name-input").fill("stack-file.yaml.txt");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.match(await page.locator("#hint").innerText(), /looks like a Dockerfile/);
  await page.locator("#hint button").click();
  await settled(page);
  assert.ok((await tabs()).includes("Dockerfile"));
  await page.locator("#remove-file").click();
  assert.deepEqual(await tabs(), ["compose.yaml", "api/Dockerfile"]);
  await page.getByRole("button", { name: "Undo" }).click();
  assert.ok((await tabs()).includes("Dockerfile"));

  const folder = join(mkdtempSync(join(tmpdir(), "playground-")), "files");
  mkdirSync(folder);
  writeFileSync(join(folder, "compose.yaml"), "services:\r\n  a:\r\n    build: .\r\n    mem_limit: 1m\r\n");
  writeFileSync(join(folder, "Dockerfile"), "FROM node:22\n");
  writeFileSync(join(folder, "picture.png"), Buffer.from([137, 80, 78, 71, 0, 255]));
  await page.locator("#open-files").setInputFiles(["compose.yaml", "Dockerfile", "picture.png"].map((name) => join(folder, name)));
  await settled(page);
  assert.deepEqual(await tabs(), ["compose.yaml", "Dockerfile"]);
  assert.match(await page.locator("#notice").innerText(), /2 files read, 1 left out/);
  assert.match(await fileText(page), /\r\n/);
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["A=1\n"], ".env"));
    document.getElementById("editor").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await settled(page);
  assert.deepEqual(await tabs(), ["compose.yaml", "Dockerfile", ".env"]);
  await closed(run);
});

test("the keyboard reaches everything", async () => {
  const run = await opened();
  const { page } = run;
  await page.locator("#tabs [aria-selected=true]").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#tabs [aria-selected=true]").getAttribute("data-path"), "api/Dockerfile");
  await page.locator("#tab-findings").focus();
  await page.keyboard.press("End");
  await page.locator("#rule .rules").waitFor();
  await page.locator("#rule .rules button").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("#rule h3").first().waitFor();
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id === "editor"), false, "Tab leaves the editor");
  // Every control has a name.
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, input, select, [role=tab], dialog[open]")]
      .filter((element) => !element.closest("[hidden]") && !(element.ariaLabel || element.textContent.trim() || element.labels?.length || element.getAttribute("aria-labelledby")))
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(nameless, []);
  await page.waitForFunction(() => document.getElementById("status").textContent.length > 0);
  await closed(run);
});

/** Relations of luminance, as WCAG 2 has them, of every text that is shown. */
const contrasts = () => {
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, below) => ({ r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1 });
  const light = ({ r, g, b }) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ground = (element) => {
    const all = [];
    for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) all.push(parse(getComputedStyle(at).backgroundColor));
    return all.reverse().reduce((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 });
  };
  const bad = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) walk(element.shadowRoot);
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!own || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || element.closest(".visually-hidden, option, :disabled, svg")) continue;
      const below = ground(element);
      const text = over(parse(getComputedStyle(element).color), below);
      const [x, y] = [light(text), light(below)].sort((a, b) => b - a);
      const contrast = (x + 0.05) / (y + 0.05);
      if (contrast < 4.5) bad.push(`${contrast.toFixed(2)} ${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 30)}`);
    }
  };
  walk(document);
  return bad;
};

test("light and dark have enough contrast, and the switch wins over the system", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const run = await opened({ colorScheme });
    const { page } = run;
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const own = await ground();
    assert.equal(own, colorScheme === "light" ? "rgb(246, 248, 250)" : "rgb(1, 4, 9)");
    assert.deepEqual(await page.evaluate(contrasts), []);
    await page.locator("#findings .rule").first().click();
    await page.locator("#rule h3").first().waitFor();
    assert.deepEqual(await page.evaluate(contrasts), []);
    for (const host of ["8g", "1g"]) {
      await page.locator("#tab-fit").click();
      await page.locator(`#host-sizes [data-size="${host}"]`).click();
      await page.locator(host === "8g" ? "#fit .good" : "#fit .over").waitFor();
      assert.deepEqual(await page.evaluate(contrasts), []);
    }
    await page.locator("#host-sizes [data-size='8g']").click();
    await page.locator("#write-plan").click();
    await page.locator("#fix-dialog .diff").waitFor();
    assert.deepEqual(await page.evaluate(contrasts), []);
    await page.keyboard.press("Escape");
    await page.locator("#theme").selectOption(colorScheme === "light" ? "dark" : "light");
    assert.notEqual(await ground(), own);
    await page.reload();
    await page.waitForFunction(() => performance.getEntriesByName("findings").length > 0);
    assert.notEqual(await ground(), own);
    await closed(run);
  }
});

test("a phone's width has one column and no sideways scroll", async () => {
  const run = await opened({ viewport: { width: 400, height: 800 }, hasTouch: true, isMobile: true });
  const { page } = run;
  for (const example of ["0", "5", "6", "7", "8"]) {
    await page.locator("#examples").selectOption(example);
    await settled(page);
    if (example === "8") await page.locator("#fit .plan").waitFor();
    const { scroll, width } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, width: innerWidth }));
    assert.ok(scroll <= width, `${scroll} > ${width}`);
  }
  await page.locator("#tab-findings").tap();
  const [editor, findings] = await Promise.all(["#editor", "#findings"].map((id) => page.locator(id).boundingBox()));
  assert.ok(findings.y > editor.y + editor.height && findings.width > 340);
  await page.locator("#findings .rule").first().tap();
  await page.locator("#rule h3").first().waitFor();
  await closed(run);
});
