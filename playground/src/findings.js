// The list of findings, in the order of the human report.

import { count, el, prose } from "./dom.js";

/** Findings shown at first; more on request. */
const SHOWN = 100;

/** Severity in the editor. */
export const IN_EDITOR = { error: "error", warning: "warning", note: "info" };

export function placeText({ file, range }) {
  return `${file}:${range.start.line}`;
}

/** All fixes of a finding, the best first. */
export function fixesOf(finding) {
  return [finding.fix, ...(finding.alternatives ?? [])].filter(Boolean);
}

/** "1 error, 2 warnings". */
export function summary({ errors, warnings, notes }) {
  const parts = [[errors, "error"], [warnings, "warning"], [notes, "note"]].filter(([number]) => number > 0);
  return parts.length ? parts.map(([number, what]) => count(number, what)).join(", ") : "no findings";
}

/** Shows the list. `act` has what its buttons do: reveal(site), fix(finding, choice), explain(rule). */
export function show(into, answer, act, more = SHOWN) {
  const { report, order, failures } = answer;
  const ordered = order.map((index) => report.findings[index]);
  const serious = ordered.filter((finding) => finding.severity !== "note");
  const notes = ordered.filter((finding) => finding.severity === "note");
  const openNotes = into.querySelector("details.notes-of-list")?.open ?? serious.length === 0;
  const list = (findings, label) => el("ol.findings", { "aria-label": label }, ...findings.slice(0, more).map((finding) => item(finding, act)));
  const out = failures.map(({ message, help, file, line }) =>
    el(
      "div.failure",
      { role: "alert" },
      el("p", {}, ...prose(message)),
      file ? el("button.place", { type: "button", onclick: () => act.revealLine(file, line) }, `${file}:${line}`) : null,
      help ? el("p", {}, ...prose(help)) : null,
    ),
  );
  if (ordered.length === 0 && failures.length === 0) {
    const { services, containers, images } = report.summary;
    const checked = [[services, "service"], [containers, "container"], [images, "image"]].filter(([number]) => number > 0);
    const words = checked.map(([number, what]) => count(number, what)).join(" and ");
    out.push(el("p.empty", {}, words ? `no findings in ${words}` : "nothing to check yet: paste a Compose file, a Dockerfile, docker run lines, or what docker inspect prints; or drop files here"));
  }
  if (serious.length) out.push(list(serious, "errors and warnings"));
  if (notes.length) {
    out.push(el("details.notes-of-list", { open: openNotes }, el("summary", {}, count(notes.length, "note")), list(notes, "notes")));
  }
  if (Math.max(serious.length, notes.length) > more) {
    out.push(el("button", { type: "button", onclick: () => show(into, answer, act, more + 400) }, `show more of ${count(ordered.length, "finding")}`));
  }
  const unknown = report.summary.unknown_images;
  if (unknown.length) out.push(el("p.unknown", {}, `not known: ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ""}: their heaps and healthchecks are not checked`));
  into.replaceChildren(...out);
}

function item(finding, act) {
  const { severity, rule, message, label, related, notes, help } = finding;
  const end = (site, words) =>
    el("li", {}, el("button.place", { type: "button", onclick: () => act.reveal(site) }, placeText(site)), words ? el("span", {}, " ", ...prose(words)) : null);
  return el(
    `li.finding.${severity}`,
    {},
    el(
      "p.head",
      {},
      el(`span.badge.${severity}`, {}, severity),
      el("button.message", { type: "button", onclick: () => act.reveal(finding) }, ...prose(message)),
    ),
    el("ul.ends", { "aria-label": "places" }, end(finding, label), ...related.map((site) => end(site, site.label))),
    notes.length ? el("ul.notes", {}, ...notes.map((note) => el("li", {}, ...prose(note)))) : null,
    help ? el("pre.help", { tabindex: "0", "aria-label": "help" }, help) : null,
    el(
      "p.actions",
      {},
      ...fixesOf(finding).map((fix, choice) =>
        el(
          "button.fix",
          { type: "button", onclick: () => act.fix(finding, choice), title: fix.applicability === "safe" ? null : "changes how the container behaves" },
          ...prose(fix.title),
          fix.applicability === "safe" ? null : el("span.unsafe", {}, " changes behaviour"),
        ),
      ),
      el("button.link.rule", { type: "button", onclick: () => act.explain(rule) }, rule),
    ),
  );
}

/** What the editor marks in one file: findings, and the other ends of findings. */
export function marksOf(report, path, act) {
  const marks = [];
  for (const finding of report.findings) {
    const here = finding.file === path;
    const elsewhere = finding.related.find((site) => site.file !== path) ?? finding.related[0];
    if (here) {
      const fixes = fixesOf(finding).map((fix, choice) => ({ name: fix.title.replaceAll("`", ""), apply: () => act.fix(finding, choice) }));
      const other = elsewhere ? [{ name: `go to ${placeText(elsewhere)}`, markClass: "plain", apply: () => act.reveal(elsewhere) }] : [];
      marks.push({
        range: finding.range,
        severity: IN_EDITOR[finding.severity],
        message: finding.message,
        actions: [...fixes, ...other, { name: `about ${finding.rule}`, markClass: "plain", apply: () => act.explain(finding.rule) }],
      });
    }
    if (finding.severity === "note") continue;
    for (const site of finding.related.filter((site) => site.file === path)) {
      marks.push({
        range: site.range,
        severity: "hint",
        message: site.label ? `${site.label}: ${finding.message}` : finding.message,
        actions: [{ name: `go to ${placeText(finding)}`, markClass: "plain", apply: () => act.reveal(finding) }],
      });
    }
  }
  return marks;
}
