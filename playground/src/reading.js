// What there is to read in addition to the findings: facts and rule pages.

import { el } from "./dom.js";
import { page } from "./markdown.js";

/** The text of `oomlint inspect`; the place at the end of a line leads there. */
export function facts(result, files, revealLine) {
  const lines = (result.error ?? result.text).split("\n");
  const linked = (line) => {
    const place = line.match(/^(.*?)((?:[^\s(),]+):(\d+))(\)?)$/);
    const path = place?.[2].slice(0, place[2].lastIndexOf(":"));
    if (!place || !files.has(path)) return [`${line}\n`];
    return [place[1], el("button.link", { type: "button", onclick: () => revealLine(path, Number(place[3])) }, place[2]), `${place[4]}\n`];
  };
  return lines.flatMap(linked);
}

/** All rules. `explain` opens the page of one. */
export function rules(all, explain) {
  const rows = all.map(({ name, summary, severity }) => el("li", {}, el(`span.badge.${severity}`, {}, severity), " ", el("button.link", { type: "button", onclick: () => explain(name) }, name), el("span", {}, ` ${summary}`)));
  return [el("h2", {}, `${all.length} rules`), el("ul.rules", {}, ...rows)];
}

/** The page of a rule. */
export function rule(result, { explain, showRules, back }) {
  const links = el("p.back", {}, el("button.link", { type: "button", onclick: back }, "back to the findings"), " · ", el("button.link", { type: "button", onclick: showRules }, "all rules"));
  return [links, ...(result.error ? [el("p", {}, result.error)] : page(result.page, explain))];
}
