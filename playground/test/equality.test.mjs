// The engine of the page and the program say the same, byte for byte of their JSON.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

function asked(question, files, options = {}, more = {}) {
  const answer = engine({ ask: question, files, options: { today: today(), ...options }, ...more });
  assert.equal(answer.error, undefined);
  return answer;
}

/** Runs the program over a copy of the files, outside of any repository. Each command is its JSON. */
function programSays(files, ...commands) {
  return programWrites(files, ...commands).map(({ stdout, stderr }) => (stdout ? JSON.parse(stdout) : { failed: stderr }));
}

/** What the program writes: its output, or what it complains of. `files` gets those that it changed. */
function programWrites(files, ...commands) {
  const scratch = mkdtempSync(join(tmpdir(), "playground-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(scratch, dirname(path)), { recursive: true });
      writeFileSync(join(scratch, path), text);
    }
    return commands.map((command) => {
      try {
        const stdout = execFileSync(program, command, { cwd: scratch, maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
        return { stdout: String(stdout), files: textsBelow(scratch) };
      } catch (error) {
        // 1: there are findings. 2: something cannot be read, and the report is there all the same.
        return { stdout: String(error.stdout ?? ""), stderr: String(error.stderr ?? error) };
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
  const [theirs, budget, facts, plan] = programSays(
    files,
    ["--format", "json", "--preset", "strict", ...flags],
    ["budget", "--format", "json", ...flags],
    ["inspect", "--format", "json", "--no-ignore"],
    ["fit", "--format", "json", ...flags],
  );
  const fit = asked("fit", files, options);
  // The program says why it plans nothing, too.
  if (plan.failed) assert.ok(fit.needs, `${directory}: ${plan.failed}`);
  else assert.deepEqual(fit.fit, plan, directory);
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

/** The texts of a fixture's block scalars below a key. */
function textsOf(fixture, key) {
  const part = fixture.split(new RegExp(`^${key}:\n`, "m"))[1]?.split(/^\S/m)[0] ?? "";
  const texts = part.split(/^ {2}(\S+): \|[-+]?\n/m).slice(1);
  return Object.fromEntries(Array.from({ length: texts.length / 2 }, (_, at) => [texts[2 * at], texts[2 * at + 1].replace(/^ {4}/gm, "")]));
}

/** Compares the findings of pasted text, next to other files, with those of the program where the file is named. */
function comparePasted(named, files, kind) {
  const kinds = Object.fromEntries(Object.keys(named).map((path) => [path, "auto"]));
  const all = { ...files, ...named };
  const ours = asked("check", all, {}, { kinds });
  const paths = Object.keys(files).length > 0 ? [".", ...Object.keys(named)] : Object.keys(named);
  const [theirs, budget, facts] = programSays(all, ["--format", "json", ...paths], ["budget", "--format", "json", ...paths], ["inspect", "--format", "json", ...paths]);
  const about = JSON.stringify(named);
  assert.deepEqual(ours.report, theirs, about);
  if (!budget.failed) assert.deepEqual(ours.budget, budget, about);
  assert.deepEqual(asked("inspect", all, {}, { kinds }).inspect, facts, about);
  for (const path of Object.keys(named)) assert.equal(ours.files[path].kind, kind, about);
  return ours.report.findings;
}

test("what docker inspect prints has the same findings", () => {
  const directory = join(root, "fixtures/why");
  let findings = 0;
  let texts = 0;
  for (const name of readdirSync(directory).filter((name) => name.endsWith(".yaml"))) {
    const fixture = readFileSync(join(directory, name), "utf8");
    for (const text of Object.values(textsOf(fixture, "evidence"))) {
      if (asked("kind", { text }).kind !== "inspect") continue;
      // A part of an output may have no container, and the program refuses such a file.
      const state = asked("check", { "pasted.json": text }, {}, { kinds: { "pasted.json": "auto" } }).files["pasted.json"];
      if (state.nothing) continue;
      findings += comparePasted({ "pasted.json": text }, textsOf(fixture, "project"), "inspect").length;
      texts += 1;
    }
  }
  assert.ok(texts > 0 && findings > 0, `${texts} texts, ${findings} findings`);
});

test("docker run lines have the same findings", () => {
  const lines = [
    "docker run -d -m 512m --memory-swap 256m redis\n",
    "$ sudo docker run -d --restart always -e JAVA_TOOL_OPTIONS=-Xmx2g -m 1g \\\n    eclipse-temurin:21-jre java -jar a.jar\n$ docker run redis:8 -m 512m\n",
    "podman run -d --memory 512Mi postgres:17 -c shared_buffers=2GB\n",
    'docker service create --limit-memory 256m redis:8 redis-server --maxmemory 512mb\ndocker run -d "$IMAGE"\n',
    "# docker run --rm -it -m 4m mysql:8\n",
  ];
  for (const text of lines) {
    const [finding] = comparePasted({ "lines.rst": text }, {}, "run");
    assert.ok(finding, text);
    // Without a name that tells it, the content does, and the findings are the same.
    const report = asked("check", { "run.txt": text }, {}, { kinds: { "run.txt": "auto" } }).report;
    assert.deepEqual(report.findings.map(({ rule, message }) => [rule, message]), asked("check", { "lines.rst": text }, {}, { kinds: { "lines.rst": "run" } }).report.findings.map(({ rule, message }) => [rule, message]), text);
  }
  const script = '#!/bin/sh\nset -e\nif true; then docker run -d -m 64m redis:8 redis-server --maxmemory 1gb; fi\n';
  comparePasted({ deploy: script }, { "compose.yaml": "services:\n  a:\n    image: redis:8\n    mem_limit: 64m\n" }, "run");
  const help = asked("check", { "run.txt": lines[0] }, {}, { kinds: { "run.txt": "auto" } }).report.findings.map((finding) => finding.help).join("\n");
  assert.match(help, /^ *--memory-swap 512m$/m);
});

test("nobody's files are not checked, and a choice wins over the content", () => {
  const text = "docker run -d -m 512m --memory-swap 256m redis\n";
  const of = (kinds, files = { "run.txt": text }) => asked("check", files, {}, { kinds });
  assert.deepEqual([of({}).files["run.txt"].kind, of({}).files["run.txt"].looks_like], ["other", "run"]);
  assert.equal(of({}).report.findings.length, 0);
  assert.ok(of({ "run.txt": "auto" }).report.findings.length > 0);
  assert.equal(of({ "run.txt": "text" }).report.findings.length, 0);
  assert.equal(of({ "run.txt": "text" }).files["run.txt"].kind, "other");
  const compose = { "stuff.txt": "services:\n  a:\n    image: redis:8\n    mem_limit: 1m\n" };
  assert.equal(of({ "stuff.txt": "auto" }, compose).files["stuff.txt"].looks_like, "compose");
  assert.ok(of({ "stuff.txt": "compose" }, compose).report.findings.length > 0);
  assert.ok(of({ "stuff.txt": "dockerfile" }, { "stuff.txt": "FROM\n" }).report.findings.length > 0);
  // A configuration and a comment that quote a command line are none.
  for (const [path, quoting] of [["redis.conf", `# ${text}maxmemory 1gb\n`], ["jobs.yaml", `run: |\n  ${text}`], [".env", text]]) {
    assert.notEqual(of({ [path]: "auto" }, { [path]: quoting }).files[path].kind, "run", path);
  }
  assert.match(of({ a: "run" }, { a: "hello\n" }).files.a.nothing, /docker run/);
  assert.match(of({ a: "auto" }, { a: '[{"RepoTags": ["a"], "Id": "1"}]\n' }).files.a.nothing, /image was inspected/);
  assert.ok(engine({ ask: "check", files: {}, kinds: { a: "nonsense" } }).error);
});

test("a plan is what the program writes", () => {
  const files = { "compose.yaml": "services:\n  api:\n    image: node:22\n    command: [node, a.js]\n  cache:\n    image: redis:8\n    command: redis-server --maxmemory 512mb\n" };
  for (const host of ["1g", "4g", "16g"]) {
    const ours = asked("fit", files, { host_memory: host }, { overlay: true });
    const to = ["fit", "--host-memory", host];
    const [diff, human, written] = programWrites(files, [...to, "--diff"], to, [...to, "--overlay", "compose.limits.yaml"]);
    assert.equal(ours.diff, diff.stdout, host);
    const [{ verdict, sum, kept, rows, ways_to_fit: ways }] = ours.words[0];
    for (const text of [verdict, sum, kept, ...rows.flat(), ...(ways ? [ways[0], ...ways[1]] : [])]) assert.ok(human.stdout.includes(text), `${host}: ${text}`);
    const { fits } = ours.fit.stacks[0].plans[0];
    assert.equal(fits, host !== "1g");
    if (!fits) {
      assert.ok(ways && ours.overlay === null && ours.diff === "");
      continue;
    }
    assert.equal(ours.overlay.text, written.files["compose.limits.yaml"], host);
    assert.deepEqual(ours.overlay.merged, ["compose.yaml", "compose.limits.yaml"]);
    // The file of an earlier plan is written anew, another one of that name is not.
    const again = { ...files, "compose.limits.yaml": ours.overlay.text };
    assert.equal(asked("fit", again, { host_memory: "2g" }, { overlay: true }).overlay.path, "compose.limits.yaml");
    const foreign = { ...files, "compose.limits.yaml": "services: {}\n" };
    assert.equal(asked("fit", foreign, { host_memory: host }, { overlay: true }).overlay.path, "compose.limits-2.yaml");
  }
  assert.equal(asked("fit", files).needs, "host");
  assert.equal(asked("fit", { Dockerfile: "FROM alpine\n" }, { host_memory: "4g" }).needs, "stack");
  const wrong = asked("fit", { "compose.yaml": "services:\n  a:\n    image: redis:8\n    mem_limit: 5x\n" }, { host_memory: "4g" });
  assert.deepEqual([wrong.file, wrong.line], ["compose.yaml", 4]);
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
  assert.equal(EXAMPLES.length, 9);
  for (const { name, files, options, kinds = {} } of EXAMPLES) {
    const { report } = asked("check", files, options, { kinds });
    const serious = report.findings.filter((finding) => finding.severity !== "note");
    assert.ok(serious.length > 0, `${name}: ${JSON.stringify(serious.map((finding) => finding.rule))}`);
    assert.ok(serious.some((finding) => finding.fix || finding.help), name);
    const fixed = asked("fix", files, { ...options, unsafe: true }, { kinds });
    const after = asked("check", { ...files, ...fixed.files }, options, { kinds }).report.summary;
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
