// The page: joins files, editor, engine and panels.

import { ask } from "./client.js";
import { askName, choosePlan, confirmFix } from "./dialogs.js";
import { arrows, byId, count, el, prose, say } from "./dom.js";
import { editorIn } from "./editor.js";
import { today } from "./engine.js";
import { EXAMPLES } from "./examples.js";
import { fileOf, inOrder, MOST_FILES, onDrop, pathOf, texts, written } from "./files.js";
import * as list from "./findings.js";
import * as plan from "./fitting.js";
import * as kinds from "./kinds.js";
import * as picture from "./picture.js";
import * as reading from "./reading.js";
import { packed, unpacked } from "./share.js";
import * as tabs from "./tabs.js";
import { setUpTheme } from "./theme.js";

/** A check that took longer than this waits for a pause in the typing. In milliseconds. */
const SLOW = 60;
const PAUSE = 200;

/** The files by path. */
const files = new Map();
let active = null;
let answer = null;
/** Counts changes, so that an answer to older files is not taken for one to these. */
let revision = 0;
let shownRevision = -1;
let panel = "findings";
let lastTook = 0;

const editor = editorIn(byId("editor"), (path, text, pastedOver) => {
  const file = files.get(path);
  if (file) file.text = text;
  touched();
  if (pastedOver !== null) nameByContent(path, text, pastedOver);
});

const act = {
  reveal: (site) => reveal(site.file, site.range),
  revealLine: (path, line) => revealLine(path, line),
  fix: (finding, choice) => fixOne(finding, choice),
  explain: (rule) => explain(rule),
  writePlan: () => writePlan(),
};

// The engine.

function options() {
  const value = (id) => byId(id).value;
  return { preset: value("preset"), target: value("target"), host_memory: value("host-memory").trim() };
}

/** The texts of all files, and what they are. */
function contents() {
  const all = [...files];
  return {
    files: Object.fromEntries(all.map(([path, file]) => [path, written(file)])),
    kinds: Object.fromEntries(all.filter(([, { kind }]) => kind).map(([path, { kind }]) => [path, kind])),
  };
}

function request(question, more = {}) {
  const { unsafe, ...others } = more;
  // An empty page is no empty Compose file.
  const asked = [...files.values()].some(({ text }) => text.trim() !== "") ? contents() : { files: {} };
  return { ask: question, ...asked, options: { ...options(), today: today(), unsafe: unsafe ?? false }, ...others };
}

let checking = false;
let timer = null;

/** Something has changed: checks at once, or after a pause where that takes long. */
function touched() {
  revision += 1;
  clearTimeout(timer);
  if (!checking) timer = setTimeout(check, lastTook > SLOW ? PAUSE : 0);
}

async function check() {
  if (checking) return;
  checking = true;
  const asked = revision;
  const { answer: next, milliseconds } = await ask(request("check"));
  checking = false;
  lastTook = milliseconds;
  if (next.error) {
    drawn.clear();
    byId("findings").replaceChildren(el("p.failure", { role: "alert" }, next.error));
    say(next.error);
  } else {
    answer = next;
    shownRevision = asked;
    showAnswer();
  }
  if (revision !== asked) touched();
}

function showAnswer() {
  const { report, files: states, problems } = answer;
  // What is the same stays, with the focus that may be in it.
  if (differs("findings", [report, answer.order, answer.failures])) list.show(byId("findings"), answer, act);
  if (differs("tabs", [report, states])) showTabs();
  editor.kind(active, states[active]?.kind);
  markActive();
  if (differs("budget", [answer.budget, states])) showBudget();
  if (panel === "facts") showFacts();
  if (panel === "fit") showFit();
  const { host_memory: problem } = problems;
  byId("host-memory").setAttribute("aria-invalid", problem ? "true" : "false");
  byId("host-problem").textContent = problem ?? "";
  showHint();
  const fixable = report.findings.some((finding) => list.fixesOf(finding).length > 0);
  byId("fix-all").hidden = !fixable;
  byId("count").textContent = String(report.findings.length);
  const words = list.summary(report.summary);
  byId("summary").textContent = words;
  say(words);
  byId("version").textContent = `oomlint ${report.tool.version}`;
  if (report.findings.length > 0 && performance.getEntriesByName("first-finding").length === 0) performance.mark("first-finding");
  performance.mark("findings", { detail: shownRevision });
}

function showBudget() {
  picture.show(byId("budget"), answer.budget, revealLine, (path) => ["run", "inspect"].includes(answer.files[path]?.kind));
}

const drawn = new Map();
/** True if a part of the page has to be drawn again. */
function differs(part, what) {
  const now = JSON.stringify(what);
  const other = drawn.get(part) !== now;
  drawn.set(part, now);
  return other;
}

function markActive() {
  if (active !== null && answer && shownRevision === revision) editor.mark(list.marksOf(answer.report, active, act));
}

/** Shows what the file is checked as. One that is not checked and looks as if it were to be gets a word and a button. */
function showHint() {
  const state = answer?.files[active];
  const hint = byId("hint");
  kinds.show(byId("kind"), files.get(active)?.kind, state);
  const can = kinds.canBeNamed(files.get(active)?.kind, state);
  const wanted = state?.looks_like === "compose" ? "compose.yaml" : state?.looks_like === "dockerfile" ? "Dockerfile" : null;
  const directory = active?.includes("/") ? active.slice(0, active.lastIndexOf("/") + 1) : "";
  const name = wanted && freeName(directory + wanted);
  const unused = files.get(active)?.kind !== "text" && state && state.kind === "other" && !state.read;
  hint.hidden = !name && !can && !state?.nothing && !unused;
  if (hint.hidden) return;
  hint.replaceChildren(
    ...(name
      ? [`looks like a ${state.looks_like === "compose" ? "Compose file" : "Dockerfile"}, and has another name: `, el("button", { type: "button", onclick: () => rename(active, name) }, `name it ${name}`)]
      : can
        ? [`looks like ${kinds.WORDS[state.looks_like]}: `, el("button", { type: "button", onclick: () => setKind(active, "auto") }, "check it")]
        : state.nothing
          ? prose(state.nothing)
          : ["no checked file refers to this one"]),
  );
}

// Files and tabs.

function freeName(path) {
  if (!files.has(path)) return path;
  const [, stem, ending] = path.match(/^(.*?)(\.ya?ml)?$/);
  for (let number = 2; ; number += 1) {
    const other = ending ? `${stem}-${number}${ending}` : `${stem}.${number}`;
    if (!files.has(other)) return other;
  }
}

function replaceAll(all, wanted, kindOf = {}) {
  files.clear();
  editor.forget();
  for (const path of inOrder(Object.keys(all))) files.set(path, fileOf(all[path], kindOf[path]));
  active = null;
  if (wanted) setOptions(wanted);
  open(files.keys().next().value ?? null);
  touched();
}

function setOptions({ preset, target, host_memory: memory }) {
  byId("preset").value = ["minimal", "recommended", "strict"].includes(preset) ? preset : "recommended";
  byId("target").value = target === "swarm" ? "swarm" : "compose";
  byId("host-memory").value = memory ?? "";
}

function open(path) {
  if (path !== null && path !== active && files.has(path)) {
    active = path;
    editor.open(path, files.get(path).text, answer?.files[path]?.kind);
    markActive();
  }
  showTabs();
  showHint();
}

function showTabs() {
  tabs.show({ files, active, answer, open });
}

function problemOf(name, own) {
  const path = pathOf(name);
  if (!path) return "write it as in api/Dockerfile";
  return path !== own && files.has(path) ? `there is a ${path} already` : null;
}

async function add() {
  if (files.size >= MOST_FILES) return notice(`${MOST_FILES} files are the most`);
  const usual = ["compose.yaml", "Dockerfile", "compose.override.yaml", ".env"].find((name) => !files.has(name));
  const name = await askName("Add a file", usual ?? "api/Dockerfile", (text) => problemOf(text));
  if (name === null) return;
  const path = pathOf(name);
  files.set(path, fileOf("", "auto"));
  open(path);
  editor.focus();
  touched();
}

async function rename(path, to) {
  const name = to ?? (await askName("Rename the file", path, (text) => problemOf(text, path)));
  const next = name === null ? null : pathOf(name);
  if (next === null || next === path) return;
  const file = files.get(path);
  const all = [...files].map(([known, other]) => (known === path ? [next, { ...file, kind: file.kind ?? "auto" }] : [known, other]));
  files.clear();
  for (const [known, file] of all) files.set(known, file);
  editor.forget(path);
  active = null;
  open(next);
  touched();
}

function setKind(path, kind) {
  files.get(path).kind = kind;
  touched();
}

/** A paste that replaces all of a file by a text of another kind names the file by it. */
async function nameByContent(path, text, before) {
  const { answer: told } = await ask({ ask: "kind", files: { [path]: text } });
  const usual = kinds.usualName(told.kind, path);
  if (!usual || files.get(path)?.text !== text) return;
  const name = freeName(usual);
  await rename(path, name);
  setKind(name, "auto");
  editor.focus();
  notice(`named ${name}: it is ${kinds.plain(told.kind)}`, async () => {
    write({ [name]: before });
    await rename(name, path);
  });
}

function remove(path) {
  const file = files.get(path);
  if (!file) return;
  const paths = [...files.keys()];
  const at = paths.indexOf(path);
  files.delete(path);
  editor.forget(path);
  active = null;
  if (files.size === 0) files.set("compose.yaml", fileOf("", "auto"));
  open([...files.keys()][Math.min(at, files.size - 1)]);
  touched();
  notice(`removed ${path}`, () => {
    files.set(path, file);
    open(path);
    touched();
  });
}

async function take(reading) {
  const { files: read, leftOut, named } = await reading;
  const names = Object.keys(read);
  if (names.length === 0) return notice("no text file was among them");
  const some = names.some((name) => /compose.*\.ya?ml$|(^|\/)Dockerfile/.test(name));
  // A project replaces what is here; a file that belongs to one is added.
  if (some && names.length > 1) replaceAll(read);
  else {
    for (const name of names) {
      editor.forget(name);
      files.set(name, fileOf(read[name], named ? "auto" : null));
    }
    active = null;
    open(names[0]);
    touched();
  }
  notice(`${count(names.length, "file")} read${leftOut ? `, ${leftOut} left out: no text, or too much` : ""}; they stay in this browser`);
}

let noticed = null;
/** Shows a line for a while, with a way back. */
function notice(words, undo) {
  const line = byId("notice");
  clearTimeout(noticed);
  line.replaceChildren(words, ...(undo ? [" ", el("button.link", { type: "button", onclick: () => { undo(); line.hidden = true; } }, "Undo")] : []));
  line.hidden = false;
  noticed = setTimeout(() => { line.hidden = true; }, 9000);
}

// Places and fixes.

function reveal(path, range) {
  if (!files.has(path)) return;
  open(path);
  editor.reveal(range);
}

function revealLine(path, line) {
  reveal(path, { start: { line, column_utf16: 1 }, end: { line, column_utf16: 1 } });
}

function write(changed) {
  for (const [path, text] of Object.entries(changed)) {
    const file = { ...fileOf(text, files.get(path)?.kind), crlf: files.get(path)?.crlf ?? false };
    files.set(path, file);
    editor.write(path, file.text);
  }
  touched();
}

async function fixOne(finding, choice) {
  const { answer: result } = await ask(request("fix", { finding: finding.fingerprint, choice }));
  if (result.error) return notice(result.error);
  if (await confirmFix(list.fixesOf(finding)[choice].title, result)) write(result.files);
}

async function fixAll(unsafe = false) {
  const { answer: result } = await ask(request("fix", { unsafe }));
  if (result.error) return notice(result.error);
  let next = null;
  const again = (wanted) => {
    next = wanted;
    return false;
  };
  if (await confirmFix("Fix all", result, { unsafe, again })) write(result.files);
  else if (next !== null) await fixAll(next);
}

// Panels.

const PANELS = ["findings", "fit", "facts", "rule"];

function showPanel(name) {
  panel = name;
  for (const other of PANELS) {
    byId(`panel-${other}`).hidden = other !== name;
    const tab = byId(`tab-${other}`);
    tab.setAttribute("aria-selected", other === name ? "true" : "false");
    tab.tabIndex = other === name ? 0 : -1;
  }
  if (name === "facts") showFacts();
  if (name === "fit") showFit();
  if (name === "rule" && !byId("rule").dataset.rule) showRules();
}

let planning = false;
/** Shows the plan for the host. What changes meanwhile is planned next. */
async function showFit() {
  plan.showSizes(byId("host-sizes"), byId("host-memory").value, setHost);
  if (planning) return;
  planning = true;
  const asked = revision;
  const { answer: result } = await ask(request("fit"));
  planning = false;
  if (differs("fit", result)) plan.show(byId("fit"), result, act);
  performance.mark("fit");
  if (revision !== asked && panel === "fit") showFit();
}

function setHost(memory) {
  byId("host-memory").value = memory;
  touched();
}

async function writePlan() {
  const { answer: result } = await ask(request("fit", { overlay: true }));
  if (result.error || result.needs) return notice(result.error ?? result.needs);
  const way = await choosePlan(result);
  if (!way) return;
  write(way.files);
  open(Object.keys(way.files)[0]);
  notice(way.after);
}

async function showFacts() {
  const { answer: result } = await ask(request("inspect"));
  byId("facts").replaceChildren(...reading.facts(result, files, revealLine));
}

async function showRules() {
  const { rules } = await ruleList();
  byId("rule").dataset.rule = "";
  byId("rule").replaceChildren(...reading.rules(rules, explain));
}

let listed = null;
async function ruleList() {
  listed ??= (await ask({ ask: "rules" })).answer;
  return listed;
}

async function explain(rule) {
  const { answer: result } = await ask({ ask: "rule", name: rule });
  byId("rule").dataset.rule = rule;
  byId("rule").replaceChildren(...reading.rule(result, { explain, showRules, back: () => showPanel("findings") }));
  showPanel("rule");
  byId("panel-rule").scrollTop = 0;
  byId("panel-rule").focus({ preventScroll: true });
  if (matchMedia("(max-width: 820px)").matches) byId("panel-rule").scrollIntoView({ block: "start" });
}

// The page's own controls.

async function share() {
  try {
    const { files: all, kinds: kindOf } = contents();
    const fragment = await packed(all, options(), kindOf);
    history.replaceState(null, "", `#${fragment}`);
    try {
      await navigator.clipboard.writeText(location.href);
      notice("the link is copied: it carries the files itself, and whoever has it can read them");
    } catch {
      notice("the link is in the address bar: it carries the files itself, and whoever has it can read them");
    }
  } catch (error) {
    notice(error.message);
  }
}

async function fromLink() {
  try {
    const linked = await unpacked(location.hash.slice(1));
    if (!linked) return false;
    replaceAll(linked.files, linked.options, linked.kinds);
    byId("examples").value = "";
    return true;
  } catch (error) {
    notice(`the link cannot be read: ${error.message}`);
    return false;
  }
}

function example(index) {
  const { files: all, options: wanted, kinds: kindOf, panel: shown = "findings" } = EXAMPLES[index];
  history.replaceState(null, "", location.pathname + location.search);
  replaceAll(all, wanted, kindOf);
  showPanel(shown);
}

/** An empty page, with a way back. */
function empty() {
  const old = contents();
  history.replaceState(null, "", location.pathname + location.search);
  replaceAll({ "compose.yaml": "" }, options(), { "compose.yaml": "auto" });
  editor.focus();
  notice("a new file: paste into it", () => replaceAll(old.files, options(), old.kinds));
}

function setUp() {
  setUpTheme(byId("theme"));
  byId("examples").append(...EXAMPLES.map(({ name }, index) => el("option", { value: String(index) }, name)));
  byId("examples").onchange = (event) => {
    if (event.target.value === "") empty();
    else example(Number(event.target.value));
  };
  for (const id of ["preset", "target"]) byId(id).onchange = touched;
  byId("host-memory").oninput = touched;
  byId("share").onclick = share;
  byId("add-file").onclick = add;
  byId("rename-file").onclick = () => rename(active);
  byId("remove-file").onclick = () => remove(active);
  byId("fix-all").onclick = () => fixAll();
  byId("kind").onchange = (event) => setKind(active, event.target.value);
  byId("other-files").onchange = (event) => open(event.target.value);
  byId("open-files").onchange = async (event) => {
    await take(texts([...event.target.files].map((file) => [file.name, file])));
    event.target.value = "";
  };
  for (const name of PANELS) byId(`tab-${name}`).onclick = () => showPanel(name);
  arrows(byId("tabs"), () => remove(active));
  arrows(byId("panels"));
  onDrop(take);
  new ResizeObserver(() => answer && showBudget()).observe(byId("budget"));
  addEventListener("hashchange", fromLink);
}

setUp();
if (!(location.hash && (await fromLink()))) {
  byId("examples").value = "0";
  example(0);
}
