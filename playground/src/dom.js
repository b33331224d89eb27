// Builds elements. Texts from files are always text nodes, never markup.

/** Makes an element: `el("button.small", {type: "button", onclick: f}, "text", child, …)`. */
export function el(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  set(element, properties);
  element.append(...present(children));
  return element;
}

/** Replaces what is in an element. Like the others it leaves out what is null or false. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

function present(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false);
}

/** Makes an element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...present(children));
  return element;
}

function set(element, properties) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key.startsWith("on")) element[key] = value;
    else if (typeof value === "boolean") element.toggleAttribute(key, value);
    else element.setAttribute(key, String(value));
  }
}

/** Text with `code` between backticks as nodes. */
export function prose(text) {
  return text.split("`").map((part, index, parts) =>
    // A backtick without its partner is one.
    index % 2 === 1 && index < parts.length - 1 ? el("code", {}, part) : index % 2 === 1 ? "`" + part : part,
  );
}

/** "1 file", "2 files". */
export function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** Finds an element that the page has. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`there is no #${id}`);
  return element;
}

/** Arrow keys move in a list of tabs, as screen readers announce it. */
export function arrows(tablist, removed) {
  tablist.addEventListener("keydown", (event) => {
    const tabs = [...tablist.querySelectorAll("[role=tab]")];
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0) return;
    if (event.key === "Delete" && removed) {
      event.preventDefault();
      removed();
      tablist.querySelector("[aria-selected=true]")?.focus();
    } else if (to !== undefined) {
      event.preventDefault();
      const tab = tabs[(to + tabs.length) % tabs.length];
      tab.focus();
      tab.click();
    }
  });
}

let saying = null;
let said = "";
/** Says a change to screen readers, once the typing pauses. */
export function say(words) {
  clearTimeout(saying);
  saying = setTimeout(() => {
    if (words !== said) byId("status").textContent = said = words;
  }, 700);
}
