// Links that carry the files in their fragment, which browsers send to no server: `#1.` and deflated JSON in base64url.

import { pathOf } from "./files.js";
import { isKind } from "./kinds.js";

const MARK = "1.";
/** The longest fragment. Longer links are cut by mail programs and chats. */
export const MOST_CHARACTERS = 32 * 1024;
/** The most bytes that a link may unfold to. */
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_FILES = 100;

async function through(bytes, stream, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new Error("it unfolds to more than 2 MiB");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Packs files, what they are, and options into a fragment. Throws if it would be too long. */
export async function packed(files, options, kinds = {}) {
  const bytes = new TextEncoder().encode(JSON.stringify({ files, options, kinds }));
  const small = await through(bytes, new CompressionStream("deflate-raw"), Infinity);
  let binary = "";
  for (let at = 0; at < small.length; at += 0x8000) binary += String.fromCharCode(...small.subarray(at, at + 0x8000));
  const fragment = MARK + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  if (fragment.length > MOST_CHARACTERS) {
    const kib = (length) => Math.ceil(length / 1024);
    throw new Error(`the link would have ${kib(fragment.length)} KiB, and ${kib(MOST_CHARACTERS)} KiB is the most: remove some files`);
  }
  return fragment;
}

/** Unpacks a fragment; null if it is none of ours. Throws if it is one and cannot be read. */
export async function unpacked(fragment) {
  if (!fragment.startsWith(MARK)) return null;
  if (fragment.length > MOST_CHARACTERS) throw new Error("it is too long");
  const base64 = fragment.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw"), MOST_BYTES));
  const { files, options, kinds } = JSON.parse(text);
  const entries = Object.entries(files ?? {});
  if (entries.length === 0 || entries.length > MOST_FILES) throw new Error("it has no files, or too many");
  for (const [name, content] of entries) {
    if (pathOf(name) !== name || typeof content !== "string") throw new Error("a file in it has no usable name");
  }
  const word = (value) => (typeof value === "string" && value.length < 40 ? value : "");
  return {
    files: Object.fromEntries(entries),
    kinds: Object.fromEntries(entries.map(([name]) => [name, kinds?.[name]]).filter(([, kind]) => isKind(kind))),
    options: { preset: word(options?.preset), target: word(options?.target), host_memory: word(options?.host_memory) },
  };
}
