// The engine of the page and the program say the same, byte for byte of their JSON.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { engineOf, today } from "../src/engine.js";
import { projects, textsBelow } from "./projects.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = process.env.PLAYGROUND_OUT ?? join(root, "target/playground");
const program = process.env.OOMLINT ?? join(root, "target/debug/oomlint");

const module = new WebAssembly.Module(readFileSync(join(out, "engine.wasm")));
const engine = engineOf(new WebAssembly.Instance(module, {}));

function asked(question, files, options = {}) {
  const answer = engine({ ask: question, files, options: { today: today(), ...options } });
  assert.equal(answer.error, undefined);
  return answer;
}

/** Runs the program over a copy of the files, outside of any repository. */
function programSays(files, ...commands) {
  const scratch = mkdtempSync(join(tmpdir(), "playground-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(scratch, dirname(path)), { recursive: true });
      writeFileSync(join(scratch, path), text);
    }
    return commands.map((command) => {
      try {
        return JSON.parse(execFileSync(program, command, { cwd: scratch, maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] }));
      } catch (error) {
        // 1: there are findings. 2: something cannot be read, and the report is there all the same.
        if (error.stdout?.length) return JSON.parse(error.stdout);
        return { failed: String(error.stderr ?? error) };
      }
    });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function compare(directory) {
  const files = textsBelow(directory);
  const options = { host_memory: "8g", preset: "strict" };
  const ours = asked("check", files, options);
  const flags = ["--host-memory", "8g", "--no-ignore"];
  const [theirs, budget, facts] = programSays(
    files,
    ["--format", "json", "--preset", "strict", ...flags],
    ["budget", "--format", "json", ...flags],
    ["inspect", "--format", "json", "--no-ignore"],
  );
  assert.deepEqual(ours.report, theirs, directory);
  assert.deepEqual(ours.budget, budget, directory);
  assert.deepEqual(asked("inspect", files).inspect, facts, directory);
  return theirs.findings.length;
}

const all = projects(root, Number(process.env.PLAYGROUND_PROJECTS ?? 200));

test("fixtures have the same findings", (context) => {
  const findings = all.fixtures.map(compare).reduce((sum, number) => sum + number, 0);
  assert.ok(all.fixtures.length >= 7 && findings > 50);
  context.diagnostic(`${all.fixtures.length} projects, ${findings} findings`);
});

test("real projects have the same findings", { skip: all.corpus.length === 0 && "the reference corpus is not here" }, (context) => {
  const findings = all.corpus.map(compare).reduce((sum, number) => sum + number, 0);
  context.diagnostic(`${all.corpus.length} projects, ${findings} findings`);
});

test("a fix gives what the program writes", () => {
  const files = { "compose.yaml": "services:\n  db:\n    image: mysql:8\n    mem_limit: 512m\n    memswap_limit: 256m\n" };
  const { report } = asked("check", files);
  const finding = report.findings.find((finding) => finding.rule === "swap-below-limit");
  const one = asked("fix", files).files;
  const [edit] = finding.fix.edits;
  const text = files["compose.yaml"];
  const byHand = text.slice(0, edit.range.start.byte) + edit.replacement + text.slice(edit.range.end.byte);
  const chosen = engine({ ask: "fix", files, finding: finding.fingerprint, choice: 0 });
  assert.deepEqual(chosen.files, { "compose.yaml": byHand });
  assert.match(chosen.diff, /^--- a\/compose.yaml\n\+\+\+ b\/compose.yaml\n@@/);
  assert.equal(asked("check", one).report.findings.some((finding) => finding.rule === "swap-below-limit"), false);
  assert.match(engine({ ask: "fix", files, finding: "0000000000000000" }).error, /no such fix/);
});

test("each example shows something, and its fixes help", async () => {
  const { EXAMPLES } = await import("../src/examples.js");
  assert.equal(EXAMPLES.length, 6);
  for (const { name, files, options } of EXAMPLES) {
    const { report } = asked("check", files, options);
    const serious = report.findings.filter((finding) => finding.severity !== "note");
    assert.ok(serious.length > 0, `${name}: ${JSON.stringify(serious.map((finding) => finding.rule))}`);
    assert.ok(serious.some((finding) => finding.fix || finding.help), name);
    const fixed = asked("fix", files, { ...options, unsafe: true });
    const after = asked("check", { ...files, ...fixed.files }, options).report.summary;
    assert.ok(after.errors <= report.summary.errors, name);
  }
});

test("files are told by name and content", () => {
  const compose = "services:\n  a:\n    image: redis:8\n";
  const files = {
    "compose.yaml": `${compose}    env_file: db.env\n    volumes: ['./redis.conf:/r.conf']\n    command: ['redis-server', '/r.conf']\n`,
    "db.env": "A=1\n",
    "redis.conf": "maxmemory 1gb\n",
    Dockerfile: "FROM alpine\n",
    ".oomlint.yaml": "preset: strict\n",
    ".oomlint-images.json": '{"version": 1, "images": {}}',
    "stuff.yaml": compose,
    "build.txt": "FROM alpine\n",
    "notes.txt": "hello\n",
  };
  const states = asked("check", files).files;
  const kinds = Object.fromEntries(Object.entries(states).map(([path, { kind }]) => [path, kind]));
  assert.deepEqual(kinds, {
    "compose.yaml": "compose",
    "db.env": "env",
    "redis.conf": "other",
    Dockerfile: "dockerfile",
    ".oomlint.yaml": "configuration",
    ".oomlint-images.json": "images",
    "stuff.yaml": "other",
    "build.txt": "other",
    "notes.txt": "other",
  });
  assert.equal(states["redis.conf"].read, true);
  assert.deepEqual(["stuff.yaml", "build.txt", "notes.txt"].map((path) => states[path].looks_like), ["compose", "dockerfile", null]);
});

test("what cannot be used is said, not fatal", () => {
  const compose = { "compose.yaml": "services:\n  a:\n    image: redis:8\n" };
  const { problems, report } = asked("check", compose, { host_memory: "16x", select: ["no-such-rule"] });
  assert.deepEqual(Object.keys(problems).sort(), ["host_memory", "select"]);
  assert.ok(report.findings);
  const [failure] = asked("check", { ...compose, ".oomlint.yaml": "# ours\npreset: strickt\n" }).failures;
  assert.match(failure.message, /strickt/);
  assert.deepEqual([failure.file, failure.line], [".oomlint.yaml", 2]);
  assert.match(engine({ ask: "check", files: { "../a": "" } }).error, /no name of a file/);
  assert.match(engine({ ask: "check", files: { "/a": "" } }).error, /no name of a file/);
  assert.ok(engine({ ask: "nonsense" }).error && engine({ ask: "rule", name: "none" }).error);
  assert.equal(asked("check", {}).report.findings.length, 0);
  assert.equal(asked("check", compose, { today: undefined }).report.version, 1);
});

test("no text stops the engine", () => {
  const hostile = {
    "flow sequences": "services: " + "[".repeat(10_000),
    "flow mappings": "services: " + "{a: ".repeat(10_000),
    "block mappings": "services:\n" + Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(depth + 1)}a:\n`).join(""),
    aliases: "x0: &a0 [1]\n" + Array.from({ length: 30 }, (_, n) => `x${n + 1}: &a${n + 1} [*a${n},*a${n},*a${n},*a${n}]`).join("\n") + "\nservices:\n  a:\n    image: x\n    command: *a30\n",
    "an include of itself": "include: [compose.yaml]\nservices: {}\n",
    "half a character": "services:\n  \ud800: 1\n",
    nothing: "",
    tabs: "services:\n\ta: 1\n",
  };
  for (const [name, text] of Object.entries(hostile)) {
    const begun = performance.now();
    assert.ok(asked("check", { "compose.yaml": text, Dockerfile: `FROM a\nENV A=${"${A:-".repeat(20_000)}\n` }).report, name);
    assert.ok(performance.now() - begun < 10_000, name);
  }
});
