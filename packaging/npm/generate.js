// Writes the npm packages: `oomlint`, and one for each system that holds the program.
// Usage: node packaging/npm/generate.js OUT TARGET=PROGRAM...
// Name, version, description and licence are those of Cargo.toml. With fewer programs than systems the packages of the
// others are left out, and `oomlint` names them all the same.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

// Rust's name of a target, and Node's of the system. The Linux programs are static: glibc and musl are one to them.
const SYSTEMS = {
  "x86_64-unknown-linux-gnu": { os: "linux", cpu: "x64" },
  "aarch64-unknown-linux-gnu": { os: "linux", cpu: "arm64" },
  "x86_64-apple-darwin": { os: "darwin", cpu: "x64" },
  "aarch64-apple-darwin": { os: "darwin", cpu: "arm64" },
  "x86_64-pc-windows-msvc": { os: "win32", cpu: "x64" },
};

const top = path.join(__dirname, "..", "..");
const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--no-deps", "--offline", "--format-version", "1"], { cwd: top, encoding: "utf8" }),
);
const { version, description, license, repository } = metadata.packages[0];
const common = { version, description, license: `(${license})`, repository: { type: "git", url: `git+${repository}.git` } };
const scoped = ({ os, cpu }) => `@oomlint/${os}-${cpu}`;

function write(directory, manifest, files) {
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(path.join(directory, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const [name, from] of Object.entries({ ...files, "LICENSE-MIT": "LICENSE-MIT", "LICENSE-APACHE": "LICENSE-APACHE" })) {
    fs.copyFileSync(path.resolve(top, from), path.join(directory, name));
  }
}

const [out, ...programs] = process.argv.slice(2);
for (const argument of programs) {
  const [target, program] = argument.split("=");
  const system = SYSTEMS[target];
  if (!system) {
    throw new Error(`${target} is none of ${Object.keys(SYSTEMS).join(", ")}`);
  }
  const name = system.os === "win32" ? "oomlint.exe" : "oomlint";
  const directory = path.join(out, `${system.os}-${system.cpu}`);
  const manifest = { name: scoped(system), ...common, os: [system.os], cpu: [system.cpu], files: [name, "LICENSE-*"], preferUnplugged: true };
  write(directory, manifest, { [name]: path.resolve(program) });
  fs.chmodSync(path.join(directory, name), 0o755);
}
write(
  path.join(out, "oomlint"),
  {
    name: "oomlint",
    ...common,
    keywords: metadata.packages[0].keywords,
    bin: { oomlint: "oomlint.js" },
    files: ["oomlint.js", "LICENSE-*"],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(Object.values(SYSTEMS).map((system) => [scoped(system), version])),
  },
  { "oomlint.js": "packaging/npm/oomlint.js", "README.md": "README.md" },
);
