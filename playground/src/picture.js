// Draws the budget of a stack: a bar for each service, which begins where the one above ends, and a line for the host's memory.

import { count, el, svg } from "./dom.js";

const ROW = 26;
const HEAD = 26;
const FOOT = 22;
const PARTS = [
  ["heap", "heap and caches"],
  ["off_heap", "outside them, an estimate"],
  ["rest", "the rest of the limit"],
];
/** The CSS class of a part, whose key is a name of the JSON report. */
const classOf = (name) => name.replaceAll("_", "-");
/** What is drawn in addition to the parts of a limit. */
const MISSING = ["missing", "what the limit is short of, at least"];

/** Writes bytes as the reports do: 512 MiB, 1.5 GiB. */
export function size(bytes) {
  if (bytes === 0) return "0";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let number = bytes;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${Number(number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0))} ${units[unit]}`;
}

/** The bytes that a service's heaps and caches need at least beyond its limit. */
function missingOf({ fit, managed, off_heap: outside, limit, replicas }) {
  if (fit !== "exceeds-limit" || limit.state !== "known") return 0;
  const need = managed.reduce((sum, { bytes }) => sum + bytes, outside?.least ?? 0);
  return Math.max(need - limit.bytes, 0) * replicas;
}

/** The bars of the services that start, and the length of the axis. */
export function barsOf(stack) {
  let begin = 0;
  const bars = stack.services
    .filter((service) => service.started)
    .map((service) => {
      const own = begin;
      begin += service.total.limit ?? 0;
      return { service, begin: own, parts: service.total.parts, missing: missingOf(service) };
    });
  const ends = bars.map((bar) => bar.begin + (bar.service.total.limit ?? 0) + bar.missing);
  const all = Math.max(...ends, stack.host?.bytes ?? 0, 0);
  return { bars, axis: Math.max(all * 1.04, 1) };
}

/** The next ticks of a power of two, at most eight. */
export function ticks(axis) {
  if (axis <= 1) return [];
  let step = 1;
  while (axis / step > 6) step *= 2;
  return Array.from({ length: Math.floor(axis / step) + 1 }, (_, index) => index * step);
}

function limitOf({ limit, replicas }) {
  const one = limit.state === "known" ? size(limit.bytes) : limit.state === "unknown" ? "not known" : "none";
  return replicas === 1 ? one : `${replicas} × ${one}`;
}

function labelOf(service, host, narrow) {
  if (service.total.limit === null) return service.limit.state === "unknown" ? (narrow ? "not known" : "limit not known") : "no limit";
  if (service.fit === "exceeds-limit") return narrow ? "too small" : `${limitOf(service)}: too small`;
  const share = host ? (service.total.limit / host.bytes) * 100 : null;
  if (share === null) return limitOf(service);
  return `${limitOf(service)} · ${share > 0 && share < 1 ? "< 1" : Math.round(share)} %`;
}

function tooltip(service) {
  const managed = service.managed.map(({ what, bytes }) => `${what} ${size(bytes)}`);
  return [`${service.name}: limit ${limitOf(service)}`, ...managed].join(", ");
}

const shorten = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** Draws one stack as wide as there is room. `reveal` opens the place of a service. */
export function draw(stack, width, reveal) {
  const { bars, axis } = barsOf(stack);
  const narrow = width < 480;
  const left = narrow ? 100 : 130;
  const right = Math.max(left + 60, width - (narrow ? 96 : 150));
  const x = (bytes) => left + (bytes / axis) * (right - left);
  const [first, last] = [HEAD, HEAD + bars.length * ROW];
  const body = [];
  const steps = ticks(axis);
  const every = steps.length > 4 && right - left < 260 ? 2 : 1;
  steps.forEach((tick, index) => {
    body.push(svg("line", { class: "grid", x1: x(tick), y1: first, x2: x(tick), y2: last }));
    if (index % every === 0) body.push(svg("text", { class: "dim small", x: x(tick), y: last + 15, "text-anchor": "middle" }, size(tick)));
  });
  bars.forEach((bar, index) => body.push(row(bar, first + index * ROW, { x, left, right, stack, narrow, reveal })));
  if (stack.host) {
    const at = x(stack.host.bytes);
    body.push(svg("line", { class: "host", x1: at, y1: first - 6, x2: at, y2: last }));
    body.push(svg("text", { class: "over small", x: at, y: first - 11, "text-anchor": at > (left + right) / 2 ? "end" : "start" }, `host ${size(stack.host.bytes)}`));
  }
  const height = last + FOOT;
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "picture", "aria-hidden": "true" }, ...body);
}

function row({ service, begin, parts, missing }, y, { x, left, right, stack, narrow, reveal }) {
  const middle = y + ROW / 2;
  const group = svg("g", { class: "bar" }, svg("title", {}, tooltip(service)));
  group.append(svg("rect", { class: "touch", x: 0, y, width: right + 150, height: ROW }));
  group.append(svg("text", { x: left - 8, y: middle + 4.5, "text-anchor": "end" }, shorten(service.name, narrow ? 11 : 17)));
  if (parts) {
    let from = begin;
    for (const [name] of PARTS) {
      if (parts[name] <= 0) continue;
      // Even a small part stays visible.
      const width = Math.max(x(from + parts[name]) - x(from), 1);
      group.append(svg("rect", { class: classOf(name), x: x(from), y: y + 5, width, height: ROW - 10, "data-bytes": parts[name] }));
      from += parts[name];
    }
    if (missing > 0) group.append(svg("rect", { class: "missing", x: x(from), y: y + 5.5, width: Math.max(x(from + missing) - x(from), 1), height: ROW - 11 }));
  } else {
    group.append(svg("path", { class: "away", d: `M${x(begin)} ${middle}H${right}` }));
  }
  const tone = service.fit === "exceeds-limit" ? "over" : parts ? "dim" : "open";
  group.append(svg("text", { class: tone, x: right + 10, y: middle + 4.5 }, shorten(labelOf(service, stack.host, narrow), narrow ? 15 : 24)));
  group.addEventListener("click", () => reveal(service.file, service.line));
  return group;
}

/** The same numbers as a table, for those who do not see the picture. */
function table(stack, reveal) {
  const rows = stack.services
    .filter((service) => service.started)
    .map((service) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, el("button.link", { type: "button", onclick: () => reveal(service.file, service.line) }, service.name)),
        el("td", {}, limitOf(service)),
        el("td", {}, service.managed.map(({ what, bytes }) => `${what} ${size(bytes)}`).join(", ") || "not known"),
        el("td", {}, service.fit === "exceeds-limit" ? "exceeds its limit" : service.fit === "fits" ? "fits" : "not known"),
      ),
    );
  return el(
    "details.numbers",
    {},
    el("summary", {}, "the numbers"),
    el(
      "div.scroll",
      { tabindex: "0", role: "region", "aria-label": "numbers of the budget" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...["service", "limit", "heap, cache", "fits its limit"].map((head) => el("th", { scope: "col" }, head)))),
        el("tbody", {}, ...rows),
      ),
    ),
  );
}

/** Shows the budget of all stacks. Keeps the tables open that were. `isContainers` tells whether a file has containers, not services. */
export function show(into, budget, reveal, isContainers) {
  const open = [...into.querySelectorAll("details")].map((details) => details.open);
  const width = Math.max(into.clientWidth, 260);
  const stacks = budget.stacks.map((stack, index) => {
    const { sum, host } = stack;
    const over = stack.exceeds.length > 0 || stack.fits === false;
    const headline = sum.limits > 0 ? `limits of ${size(sum.limits)}${host ? `, ${Math.round((sum.limits / host.bytes) * 100)} % of ${size(host.bytes)}` : ""}` : "no limit is set";
    const numbers = table(stack, reveal);
    numbers.open = open[index] ?? false;
    return el(
      "figure.stack",
      {},
      el(
        "figcaption",
        {},
        el("b", {}, stack.files.join(" + ")),
        ` ${count(sum.services, stack.files.every(isContainers) ? "container" : "service")}: ${headline}`,
        stack.verdict ? el(`p.verdict${over ? ".over" : stack.fits ? ".good" : ".open"}`, {}, stack.verdict.replaceAll("`", "")) : null,
      ),
      draw(stack, width, reveal),
      numbers,
    );
  });
  const legend = stacks.length ? el("p.legend", {}, ...[...PARTS, ...(budget.stacks.some((stack) => stack.services.some((service) => missingOf(service) > 0)) ? [MISSING] : [])].map(([name, words]) => el("span", {}, el(`i.${classOf(name)}`, { "aria-hidden": "true" }), words))) : null;
  into.replaceChildren(...(stacks.length ? [...stacks, legend] : [el("p.empty", {}, "no Compose file with services: nothing to add up")]));
}
