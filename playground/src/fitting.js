// The plan for a host: the table of `oomlint fit`, its sum, and what would make it fit.

import { count, el, fill, prose } from "./dom.js";
import { size } from "./picture.js";

const SIZES = ["1g", "2g", "4g", "8g", "16g", "32g"];
const HEADS = ["service", "limit", "reserved", "swap", "how sure"];

/** Shows the sizes of a host as buttons. */
export function showSizes(into, host, choose) {
  if (into.childElementCount === 0) {
    into.append("host with ", ...SIZES.map((memory) => el("button", { type: "button", "data-size": memory, onclick: () => choose(memory) }, memory)));
  }
  for (const button of into.querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.size === host.trim() ? "true" : "false");
}

function rows(service, [name, ...cells], act) {
  const { file, line, reason, settings, steps, remaining, refused } = service;
  const title = file ? el("button.link", { type: "button", onclick: () => act.revealLine(file, line) }, name) : name;
  const more = [
    ...settings.map((text) => ["", text]),
    ...steps.map((step) => ["", `${step.name}: ${size(step.limit)}`]),
    ...(refused ? [] : remaining.map((text) => ["", `left to do: ${text}`])),
    ...(refused ? [[".refused", `not written: ${refused}`]] : []),
  ];
  return [
    el("tr", {}, el("th", { scope: "row" }, title), ...cells.map((cell) => el("td", {}, cell))),
    el("tr.why", {}, el("td", { colspan: HEADS.length }, el("p", {}, ...prose(reason)), more.length ? el("ul", {}, ...more.map(([kind, text]) => el(`li${kind}`, {}, ...prose(text)))) : null)),
  ];
}

function stackOf(stack, words, act) {
  const title = stack.files.join(" + ");
  return stack.plans.map((plan, index) => {
    const { rows: texts, sum, kept, verdict, ways_to_fit: ways } = words[index];
    const label = `plan of ${title} for ${size(plan.host)}`;
    return el(
      "section.plan",
      { "aria-label": label },
      el("h2", {}, title, el("span", {}, ` on a host with ${size(plan.host)}`)),
      el(`p.verdict.${plan.fits ? "good" : "over"}`, {}, ...prose(verdict)),
      ways ? el("p", {}, `${ways[0]}${ways[1].length ? ":" : ""}`) : null,
      ways ? el("ul", {}, ...ways[1].map((way) => el("li", {}, ...prose(way)))) : null,
      el(
        "div.scroll",
        { tabindex: "0", role: "region", "aria-label": label },
        el("table", {}, el("thead", {}, el("tr", {}, ...HEADS.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, ...plan.services.flatMap((service, row) => rows(service, texts[row], act)))),
      ),
      el("p.sum", {}, `${count(plan.services.length, "service")}: ${sum}`),
      el("p.kept", {}, `kept for the host: ${kept}`),
      stack.remarks.length ? el("ul.remarks", {}, ...stack.remarks.map((remark) => el("li", {}, ...prose(remark)))) : null,
    );
  });
}

/** What is missing for a plan. */
function needs({ needs: what, file, line }, act) {
  if (what === "host") return el("p.empty", {}, "choose the memory of the host, or type it above");
  if (what === "stack") return el("p.empty", {}, "no Compose file with a service that starts: nothing to plan");
  return el(
    "div.failure",
    {},
    el("p", {}, ...prose(what)),
    el("button.place", { type: "button", onclick: () => act.revealLine(file, line) }, `${file}:${line}`),
    el("p", {}, "nothing is planned: Compose refuses the file"),
  );
}

/** Shows a plan. `act` has what its buttons do: revealLine(file, line), writePlan(). */
export function show(into, answer, act) {
  if (answer.error) return into.replaceChildren(el("p.failure", {}, answer.error));
  if (answer.needs) return into.replaceChildren(needs(answer, act));
  const { fit, words, diff, refused } = answer;
  const fits = fit.stacks.every((stack) => stack.plans.every((plan) => plan.fits));
  const focused = document.activeElement?.id === "write-plan";
  const write = fits && diff !== "" && el("p", {}, el("button.primary", { type: "button", id: "write-plan", onclick: () => act.writePlan() }, "Write the plan…"));
  const same = fits && diff === "" && refused.length === 0 && el("p.empty", {}, "the files have the plan already");
  fill(into, ...fit.stacks.map((stack, index) => stackOf(stack, words[index], act)), write, same);
  if (focused) into.querySelector("#write-plan")?.focus();
}
