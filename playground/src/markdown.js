// Shows a rule page: the part of Markdown that rule pages use, as elements.

import { el } from "./dom.js";

/** Makes elements of a page. `openRule` is called for links to other rules. */
export function page(text, openRule) {
  const out = [];
  const lines = text.split("\n");
  let at = 0;
  let example = null;
  while (at < lines.length) {
    const line = lines[at];
    const fence = line.match(/^```(\S*) ?(.*)$/);
    const heading = line.match(/^(#{1,4}) (.*)$/);
    if (fence) {
      const code = [];
      for (at += 1; at < lines.length && !lines[at].startsWith("```"); at += 1) code.push(lines[at]);
      at += 1;
      example = kindOfExample(fence[2]);
      if (example) out.push(el(`p.example.${example.kind}`, {}, el("b", {}, example.kind), example.file ? ` ${example.file}` : ""));
      out.push(el("pre", { tabindex: "0" }, el("code", {}, code.join("\n"))));
    } else if (heading) {
      out.push(el(`h${Math.min(heading[1].length + 1, 5)}`, {}, ...inline(heading[2], openRule)));
      at += 1;
    } else if (/^[-*] /.test(line)) {
      const items = [];
      for (; at < lines.length && (/^[-*] /.test(lines[at]) || /^ {2,}\S/.test(lines[at])); at += 1) {
        if (/^[-*] /.test(lines[at])) items.push(lines[at].slice(2));
        else items[items.length - 1] += ` ${lines[at].trim()}`;
      }
      out.push(el("ul", {}, ...items.map((item) => el("li", {}, ...inline(item, openRule)))));
    } else if (line.trim() === "") {
      at += 1;
    } else {
      const words = [];
      for (; at < lines.length && lines[at].trim() !== "" && !/^(```|#{1,4} |[-*] )/.test(lines[at]); at += 1) words.push(lines[at].trim());
      out.push(el("p", {}, ...inline(words.join(" "), openRule)));
    }
  }
  return out;
}

function kindOfExample(words) {
  const kind = words.match(/^(bad|good|fixed)\b/)?.[1];
  return kind ? { kind, file: words.match(/file=(\S+)/)?.[1] ?? null } : null;
}

function inline(text, openRule) {
  const parts = text.split(/(`[^`]+`|\[[^\]]+\]\([^)\s]+\)|\*\*[^*]+\*\*|<https?:[^>\s]+>)/);
  return parts.filter(Boolean).map((part) => {
    const link = part.match(/^\[([^\]]+)\]\(([^)\s]+)\)$/);
    if (link) return linked(inline(link[1], openRule), link[2], openRule);
    if (/^`[^`]+`$/.test(part)) return el("code", {}, part.slice(1, -1));
    if (/^\*\*[^*]+\*\*$/.test(part)) return el("b", {}, part.slice(2, -2));
    if (/^<https?:/.test(part)) return linked([part.slice(1, -1)], part.slice(1, -1), openRule);
    return part;
  });
}

function linked(words, to, openRule) {
  const rule = to.match(/^([a-z-]+)\.md$/)?.[1];
  if (rule) return el("button.link", { type: "button", onclick: () => openRule(rule) }, ...words);
  if (/^https?:\/\//.test(to)) return el("a", { href: to, rel: "noopener noreferrer", target: "_blank" }, ...words);
  return el("span", {}, ...words);
}
