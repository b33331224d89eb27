// The tabs of the files.

import { byId, el } from "./dom.js";
import { summary } from "./findings.js";

/** Tabs shown; the files beyond them are in a menu. */
const TABS = 12;

function numbers(answer, path) {
  const own = answer?.report.findings.filter((finding) => finding.file === path) ?? [];
  const of = (severity) => own.filter((finding) => finding.severity === severity).length;
  return { errors: of("error"), warnings: of("warning"), notes: of("note") };
}

/** Shows the tabs. `open` opens a file. */
export function show({ files, active, answer, open }) {
  const paths = [...files.keys()];
  const states = answer?.files ?? {};
  const matters = (path) => path === active || states[path]?.kind !== "other" || states[path]?.read;
  const shown = paths.length <= TABS ? paths : paths.filter(matters).slice(0, TABS);
  if (active !== null && !shown.includes(active)) shown.push(active);
  const focused = document.activeElement?.closest?.("#tabs") ? active : null;
  byId("tabs").replaceChildren(
    ...shown.map((path) => {
      const { errors, warnings } = numbers(answer, path);
      const words = errors + warnings > 0 ? summary({ errors, warnings, notes: 0 }) : "";
      return el(
        "button.tab",
        {
          type: "button",
          role: "tab",
          id: path === active ? "active-tab" : null,
          "aria-selected": path === active ? "true" : "false",
          "aria-controls": "editor",
          "aria-label": words ? `${path}, ${words}` : path,
          tabindex: path === active ? "0" : "-1",
          title: path,
          "data-path": path,
          onclick: () => open(path),
        },
        path,
        words ? el(`span.badge.${errors ? "error" : "warning"}`, { "aria-hidden": "true" }, String(errors + warnings)) : null,
      );
    }),
  );
  const others = paths.filter((path) => !shown.includes(path));
  const menu = byId("other-files");
  menu.hidden = others.length === 0;
  menu.replaceChildren(el("option", { value: "" }, `${others.length} more`), ...others.map((path) => el("option", { value: path }, path)));
  if (focused) byId("tabs").querySelector("[aria-selected=true]")?.focus();
  byId("remove-file").disabled = byId("rename-file").disabled = active === null;
}
