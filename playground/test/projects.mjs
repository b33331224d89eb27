// The projects that the engine and the program are compared on: directories with Compose files or Dockerfiles.

import { readdirSync, readFileSync, existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const MOST_BYTES = 4 * 1024 * 1024;

function directoriesIn(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name)).sort();
}

/** Every fixture, and real repositories of the reference corpus if it is next to the checkout. */
export function projects(root, most) {
  const corpus = join(root, "../shared/corpus");
  const layouts = directoriesIn(join(corpus, "layouts"));
  const repositories = ["files", "limits"].flatMap((part) => directoriesIn(join(corpus, part)));
  // Evenly over the alphabet.
  const wanted = Math.max(most - layouts.length, 0);
  const step = Math.max(repositories.length / Math.max(wanted, 1), 1);
  const some = Array.from({ length: Math.min(wanted, repositories.length) }, (_, index) => repositories[Math.floor(index * step)]);
  return { fixtures: directoriesIn(join(root, "fixtures/projects")), corpus: [...layouts, ...some].slice(0, most) };
}

/** The texts below a directory; files that are no UTF-8 are left out, as on the page. */
export function textsBelow(top) {
  const files = {};
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let bytes = 0;
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && entry.name !== ".git") walk(path);
      else if (entry.isFile() && bytes + statSync(path).size <= MOST_BYTES) {
        try {
          files[relative(top, path)] = decoder.decode(readFileSync(path));
          bytes += statSync(path).size;
        } catch {
          // Not a text.
        }
      }
    }
  };
  walk(top);
  return files;
}
