#!/usr/bin/env node
// Runs the program of the package that npm chose for this system, with the same arguments, streams and exit code.
"use strict";

const { spawnSync } = require("node:child_process");

const system = `${process.platform}-${process.arch}`;
const name = process.platform === "win32" ? "oomlint.exe" : "oomlint";

let program;
try {
  program = require.resolve(`@oomlint/${system}/${name}`);
} catch {
  console.error(`error: there is no oomlint for ${system} here
help: \`npm install --include=optional oomlint\` installs it where npm left optional packages out;
      \`cargo install --locked oomlint\` builds it for other systems`);
  process.exit(2);
}

const ended = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (ended.error) {
  console.error(`error: ${program} does not start: ${ended.error.message}`);
  process.exit(2);
}
if (ended.signal) {
  process.kill(process.pid, ended.signal);
}
process.exitCode = ended.status ?? 2;
