// Dialogs: a fix as a diff before it is applied, and the name of a file.

import { byId, count, el, fill, prose } from "./dom.js";

/** Lines of a unified diff, coloured and named. */
function diffLines(diff) {
  return diff.split("\n").map((line) => {
    const kind = line.startsWith("+++") || line.startsWith("---") ? "file" : line.startsWith("@@") ? "hunk" : line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same";
    return el(`span.${kind}`, {}, `${line.replace(/\r$/, "")}\n`);
  });
}

/** Shows what a fix changes, and resolves to whether it is to be applied. `again` asks for another level of fixes. */
export function confirmFix(title, result, { unsafe, again } = {}) {
  const dialog = byId("fix-dialog");
  const { diff, refused = [], applied = [] } = result;
  return new Promise((resolve) => {
    const nothing = diff === "";
    const apply = el("button.primary", { type: "button", onclick: () => dialog.close("apply"), disabled: nothing }, "Apply");
    const box = again
      ? el("label.choice", {}, el("input", { type: "checkbox", checked: unsafe, onchange: (event) => { dialog.onclose = null; dialog.close(); resolve(again(event.target.checked)); } }), " also fixes that change how a container behaves")
      : null;
    fill(
      dialog,
      // An alternative begins with `or` in the list.
      el("h2", { id: "fix-title" }, ...prose(title.replace(/^or /, ""))),
      box,
      applied.length ? el("p", {}, `${count(applied.length, "change")}, each checked: its finding goes, and nothing else comes`) : null,
      nothing ? el("p.empty", {}, "there is nothing to change") : el("pre.diff", { tabindex: "0", role: "region", "aria-label": "changes" }, ...diffLines(diff.replace(/\n$/, ""))),
      refused.length ? el("ul.notes", {}, ...refused.slice(0, 8).map(({ title: what, why }) => el("li", {}, `not changed: ${what}: ${why}`))) : null,
      el("p.buttons", {}, apply, el("button", { type: "button", onclick: () => dialog.close("") }, "Cancel")),
    );
    dialog.setAttribute("aria-labelledby", "fix-title");
    dialog.returnValue = "";
    dialog.onclose = () => resolve(dialog.returnValue === "apply");
    dialog.showModal();
    if (!nothing) apply.focus();
  });
}

/** Shows what a plan writes, as a file of its own or into the files, and resolves to the way that was chosen; null for none. */
export function choosePlan({ overlay, diff, files, refused }) {
  const not = (what) => ([name, why]) => `${what}: ${name}: ${why}`;
  const ways = [
    overlay && {
      words: `a new file next to the others: \`${overlay.path}\``,
      apply: `Add ${overlay.path}`,
      diff: overlay.diff,
      files: { [overlay.path]: overlay.text },
      after: `start with: docker compose -f ${overlay.merged.join(" -f ")} up -d`,
      notes: [...overlay.left_out.map(not("left out")), ...overlay.by_hand.map(not("also needed in its own file"))],
    },
    diff !== "" && {
      words: `into the files: ${count(Object.keys(files).length, "file")} changed`,
      apply: "Apply",
      diff,
      files,
      after: "the plan is in the files",
      notes: refused.map(({ title, why }) => `not written: ${title}: ${why}`),
    },
  ].filter(Boolean);
  const dialog = byId("fix-dialog");
  return new Promise((resolve) => {
    let chosen = ways[0];
    const apply = el("button.primary", { type: "button", onclick: () => dialog.close("apply") });
    const preview = el("div", {});
    const show = (way) => {
      chosen = way;
      apply.textContent = way.apply;
      fill(
        preview,
        el("pre.diff", { tabindex: "0", role: "region", "aria-label": "changes" }, ...diffLines(way.diff.replace(/\n$/, ""))),
        way.notes.length ? el("ul.notes", {}, ...way.notes.slice(0, 8).map((note) => el("li", {}, ...prose(note)))) : null,
      );
    };
    const choice = (way, index) => el("label.choice", {}, el("input", { type: "radio", name: "way", checked: index === 0, onchange: () => show(way) }), el("span", {}, ...prose(way.words)));
    fill(
      dialog,
      el("h2", { id: "fix-title" }, "Write the plan"),
      ways.length > 1 ? el("fieldset", {}, el("legend", {}, "where"), ...ways.map(choice)) : el("p", {}, ...prose(ways[0].words)),
      preview,
      el("p.buttons", {}, apply, el("button", { type: "button", onclick: () => dialog.close("") }, "Cancel")),
    );
    show(chosen);
    dialog.setAttribute("aria-labelledby", "fix-title");
    dialog.returnValue = "";
    dialog.onclose = () => resolve(dialog.returnValue === "apply" ? chosen : null);
    dialog.showModal();
    apply.focus();
  });
}

/** Asks for the name of a file; null if none was given. `problem` tells what is wrong with one, or null. */
export function askName(title, value, problem) {
  const dialog = byId("name-dialog");
  return new Promise((resolve) => {
    const input = el("input", { id: "name-input", value, list: "names", autocomplete: "off", spellcheck: "false", "aria-describedby": "name-problem" });
    const words = el("p.problem", { id: "name-problem", role: "alert" });
    const form = el(
      "form",
      {
        method: "dialog",
        onsubmit: (event) => {
          const wrong = problem(input.value);
          words.textContent = wrong ?? "";
          if (wrong) event.preventDefault();
          else dialog.returnValue = "named";
        },
      },
      el("h2", { id: "name-title" }, title),
      el("label", { for: "name-input" }, "name, with its directory"),
      input,
      words,
      el("p.buttons", {}, el("button.primary", { value: "named" }, "OK"), el("button", { type: "button", onclick: () => dialog.close("") }, "Cancel")),
    );
    dialog.replaceChildren(form);
    dialog.setAttribute("aria-labelledby", "name-title");
    dialog.returnValue = "";
    dialog.onclose = () => resolve(dialog.returnValue === "named" ? input.value : null);
    dialog.showModal();
    input.select();
  });
}
