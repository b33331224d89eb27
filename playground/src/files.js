// The files of the page, by path. Their texts have `\n` at the end of lines, as the editor has; what is sent to the engine has the
// ends that the file came with.

export const MOST_FILES = 300;
export const MOST_BYTES = 4 * 1024 * 1024;

/** Makes a file of a text as it was read. `kind` is what the engine takes it for; null for a file that was found in a directory. */
export function fileOf(text, kind = null) {
  return { text: text.replace(/\r\n?/g, "\n"), crlf: text.includes("\r\n"), kind };
}

/** The text as it is sent to the engine and kept in links. */
export function written({ text, crlf }) {
  return crlf ? text.replaceAll("\n", "\r\n") : text;
}

/** A name as the engine takes it, or null: relative, without `.` and `..`. */
export function pathOf(name) {
  const parts = name.trim().replaceAll("\\", "/").split("/").filter((part) => part !== "" && part !== ".");
  const usable = parts.length > 0 && !parts.includes("..") && !/[\u0000-\u001f\u007f]/.test(name) && name.length <= 200;
  return usable ? parts.join("/") : null;
}

/** Files in the order of tabs: Compose files and what belongs to them first, then by depth and name. */
export function inOrder(paths) {
  const rank = (path) => {
    const name = path.split("/").pop();
    const depth = path.split("/").length;
    const kind = /^(docker-)?compose\.ya?ml$/.test(name) ? 0 : /compose.*\.ya?ml$/.test(name) ? 1 : name === ".env" ? 2 : 3;
    return [depth, kind, path];
  };
  return [...paths].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || (x[2] < y[2] ? -1 : 1);
  });
}

/** What a walk over a folder leaves out: other people's code, and what no build reads. */
const LEFT_OUT = new Set([".git", "node_modules", "vendor", ".venv", "target", "__pycache__"]);

/** Reads what was dropped: files and folders. Returns the texts by path, and how many files were left out. */
async function dropped(items) {
  const found = [];
  let leftOut = 0;
  // Both are gone once the event is over.
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = entries.length ? [] : [...items].map((item) => item.getAsFile()).filter(Boolean);
  found.push(...plain.map((file) => [file.name, file]));
  // What is below a single folder is shown without that folder's name.
  const inside = entries.length === 1 && entries[0].isDirectory;
  const walk = async (entry, path) => {
    if (found.length >= MOST_FILES * 4) {
      leftOut += 1;
      return;
    }
    if (entry.isDirectory) {
      if (LEFT_OUT.has(entry.name)) return;
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        for (const child of some) await walk(child, [...path, child.name]);
      }
    } else {
      found.push([path.join("/"), await new Promise((resolve, reject) => entry.file(resolve, reject))]);
    }
  };
  for (const entry of entries) await walk(entry, inside ? [] : [entry.name]);
  const read = await texts(found);
  return { files: read.files, leftOut: leftOut + read.leftOut, named: !entries.some((entry) => entry.isDirectory) };
}

/** Reads chosen files. Leaves out what is no text, and what is too much. */
export async function texts(found) {
  const files = {};
  let leftOut = 0;
  let bytes = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // Near the top first, so that a large tree keeps what matters.
  found.sort(([a], [b]) => a.split("/").length - b.split("/").length || (a < b ? -1 : 1));
  for (const [name, file] of found) {
    const path = pathOf(name);
    if (!path || bytes + file.size > MOST_BYTES || Object.keys(files).length >= MOST_FILES) {
      leftOut += 1;
      continue;
    }
    try {
      const text = decoder.decode(await file.arrayBuffer());
      if (text.includes("\0")) throw new Error("no text");
      files[path] = text;
      bytes += file.size;
    } catch {
      leftOut += 1;
    }
  }
  return { files, leftOut, named: true };
}

/** Takes what is dropped anywhere on the page. */
export function onDrop(take) {
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.remove("dropping");
    take(dropped(event.dataTransfer.items));
  }, true);
}
