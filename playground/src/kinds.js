// What a file is checked as: what its name and content say, or what is chosen.

import { el } from "./dom.js";

/** What can be chosen, in words. */
const CHOICES = {
  auto: "by name and content",
  compose: "a Compose file",
  dockerfile: "a Dockerfile",
  run: "docker run lines",
  inspect: "docker inspect JSON",
  text: "nothing",
};

/** The kinds of the engine, in words. */
export const WORDS = {
  ...CHOICES,
  devcontainer: "a development container",
  env: "an env file",
  configuration: "a configuration of oomlint",
  images: "locked images",
};

/** The usual names of texts. That of what `docker run` starts says nothing, so that the content does. */
const NAMES = { compose: "compose.yaml", dockerfile: "Dockerfile", run: "run.txt", inspect: "containers.json" };

export function isKind(kind) {
  return typeof kind === "string" && Object.hasOwn(CHOICES, kind);
}

export const plain = (kind) => WORDS[kind];

/** The usual name of a text, where the name of its file says that it is something else; null where it does not. */
export function usualName(kind, path) {
  const name = path.split("/").pop();
  const own = /\.ya?ml$/.test(name) ? "compose" : /Dockerfile|Containerfile/.test(name) ? "dockerfile" : null;
  return own && kind && own !== kind && NAMES[kind] ? path.slice(0, path.length - name.length) + NAMES[kind] : null;
}

/** True for a file that is not checked because nobody named it. */
export function canBeNamed(kind, state) {
  return !kind && (state?.looks_like === "run" || state?.looks_like === "inspect");
}

/** Shows what a file is checked as. */
export function show(select, kind, state) {
  const told = state && (WORDS[state.kind] ?? (state.read ? "what others read" : "nothing"));
  const auto = !kind || kind === "auto";
  const options = Object.entries(CHOICES).map(([value, words]) => el("option", { value }, value === "auto" && auto && told ? `${told} (${words})` : words));
  if (select.textContent !== options.map((option) => option.textContent).join("")) select.replaceChildren(...options);
  select.value = auto ? "auto" : kind;
}
