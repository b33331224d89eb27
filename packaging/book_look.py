#!/usr/bin/env python3
"""Opens every page of the built book in Chromium, as wide as a screen and as a phone. Usage: book_look.py HTML [PICTURES]

A page fails if it, or anything on it, is wider than the window and does not scroll on its own; if a picture is missing or its
letters are too small to read; if Markdown shows; or if the browser complains. With PICTURES, a directory, it writes what it
saw there, in the light and the dark theme. CHROMIUM names the browser.
"""
import functools
import http.server
import os
import pathlib
import shutil
import sys
import threading

from playwright.sync_api import sync_playwright

WIDTHS = (1200, 400)
# The smallest letters that are read without zooming, in CSS pixels.
LEAST_LETTERS = 9
# Looks at the page that is open. Returns what is wrong with it.
LOOK = """
async (least) => {
  const wrong = [];
  const wide = window.innerWidth;
  const name = (element) => {
    const text = (element.innerText || element.getAttribute("src") || "").trim().split("\\n")[0].slice(0, 60);
    return `${element.tagName.toLowerCase()} "${text}"`;
  };
  const page = document.scrollingElement;
  if (page.scrollWidth > wide + 1) wrong.push(`the page is ${page.scrollWidth} px wide`);
  const scrolls = (element) => {
    for (let above = element.parentElement; above && above.tagName !== "MAIN"; above = above.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(above).overflowX)) return true;
    }
    return false;
  };
  const main = document.querySelector("main");
  for (const element of main.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1) && !scrolls(element)) {
      wrong.push(`${name(element)} ends at ${Math.round(box.right)} px`);
    }
    const clipped = element.scrollWidth > element.clientWidth + 1 && element.clientWidth;
    if (clipped && getComputedStyle(element).overflowX === "hidden") wrong.push(`${name(element)} is cut off`);
  }
  for (const cell of main.querySelectorAll("td, th")) {
    // A column of a letter or two is no column.
    const width = cell.getBoundingClientRect().width;
    if (cell.innerText.length > 20 && width < 70) wrong.push(`${name(cell)} is too narrow`);
    // Whoever sees one cell alone does not know that there are more.
    if (cell.parentElement.cells.length > 1 && width > 0.75 * wide) wrong.push(`${name(cell)} hides its neighbours`);
  }
  for (const row of main.querySelectorAll("tbody tr")) {
    // A line break within a cell ends the row in Markdown, and begins another with the rest.
    const [first, ...rest] = [...row.cells].map((cell) => cell.innerText.trim());
    if (first && rest.length > 1 && rest.every((text) => !text)) wrong.push(`a row is torn: ${first.slice(0, 40)}`);
  }
  let pictures = 0;
  for (const picture of main.querySelectorAll("img")) {
    // mdBook has each picture twice: the second is shown at a click.
    if (!picture.getClientRects().length) continue;
    pictures += 1;
    if (!picture.complete || !picture.naturalWidth) {
      wrong.push(`${name(picture)} does not load`);
      continue;
    }
    if (!picture.alt) wrong.push(`${name(picture)} has no alternative text`);
    if (!picture.currentSrc.endsWith(".svg")) continue;
    const text = await (await fetch(picture.currentSrc)).text();
    const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    // Style sheets and presentation attributes count once the drawing is in a document.
    const shadow = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
    shadow.append(document.importNode(drawing, true));
    const letters = [...shadow.querySelectorAll("text, tspan")].filter((one) => one.textContent.trim());
    const sizes = letters.map((one) => parseFloat(getComputedStyle(one).fontSize));
    shadow.host.remove();
    const own = (drawing.viewBox && drawing.viewBox.baseVal.width) || picture.naturalWidth;
    const shown = Math.min(...sizes) * picture.getBoundingClientRect().width / own;
    if (shown < least) wrong.push(`${name(picture)}: letters of ${shown.toFixed(1)} px`);
  }
  const words = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    if (words.currentNode.parentElement.closest("code, script, style, button")) continue;
    const text = words.currentNode.data;
    if (/``|\\*\\*|\\]\\(|<!--|\\|\\s*-{3,}|^\\s*#{1,6} |~~~/.test(text)) wrong.push(`Markdown shows: ${text.trim().slice(0, 60)}`);
  }
  for (const code of main.querySelectorAll("pre > code")) {
    if (!/language-/.test(code.className)) wrong.push(`a block without a language: ${code.innerText.slice(0, 40)}`);
    else if (/language-\\S*[=,]/.test(code.className)) wrong.push(`a block of "${code.className}"`);
    if (/^```/m.test(code.innerText)) wrong.push(`a fence inside a block: ${code.innerText.slice(0, 40)}`);
  }
  const links = [...document.querySelectorAll("a[href]")].map((link) => link.href).filter((link) => link.startsWith(location.origin));
  return { wrong, pictures, links, names: [...document.querySelectorAll("[id]")].map((one) => one.id) };
}
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def pages(top):
    shown = (path.relative_to(top).as_posix() for path in sorted(top.rglob("*.html")))
    # The whole book on one page is for printing, and the contents are for browsers without scripts.
    return [name for name in shown if name not in ("print.html", "toc.html")]


def look(browser, address, names):
    """Returns what is wrong with the pages, how many pictures they have, and their links with the pages that have them."""
    problems, links, anchors, pictures = [], {}, {}, 0
    for width in WIDTHS:
        # A page of its own for each width: the book remembers whether its list of chapters is open.
        page = browser.new_page(viewport={"width": width, "height": 900})
        said = []
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("console", lambda line, said=said: line.type in ("error", "warning") and said.append(line.text))
        page.on("response", lambda answer, said=said: answer.status < 400 or said.append(f"{answer.url} is not there"))
        for name in names:
            page.goto(f"{address}/{name}", wait_until="load")
            seen = page.evaluate(LOOK, LEAST_LETTERS)
            wrong = dict.fromkeys(seen["wrong"] + [f"the browser says: {what}" for what in said])
            problems += [f"{name} at {width} px: {what}" for what in wrong]
            said.clear()
            pictures += seen["pictures"]
            anchors.setdefault(f"{address}/{name}", set()).update(seen["names"])
            # The page that is shown for any address takes its links from the top.
            for link in seen["links"] if name != "404.html" else ():
                links.setdefault(link, name)
        page.close()
    for link, name in links.items():
        path, _, anchor = link.partition("#")
        path += "index.html" if path.endswith("/") else ""
        if path in anchors:
            if anchor and anchor not in anchors[path]:
                problems.append(f"{name}: {link.removeprefix(address)}: there is no such heading")
        elif not path.endswith("/print.html") and not browser.contexts[0].request.get(path).ok:
            problems.append(f"{name}: {link.removeprefix(address)} is not there")
    return problems, pictures, links


def photograph(browser, address, names, out):
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for name in names:
                page.goto(f"{address}/{name}", wait_until="load")
                picture = out / f"{name.removesuffix('.html').replace('/', '-')}-{width}-{scheme}.png"
                page.screenshot(path=picture, full_page=True)
            page.close()


def main():
    top = pathlib.Path(sys.argv[1]).resolve()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(top)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    names = pages(top)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(os.environ["CHROMIUM"]), args=["--no-sandbox", "--disable-gpu"])
        browser.new_context()
        problems, pictures, links = look(browser, address, names)
        if len(sys.argv) > 2:
            out = pathlib.Path(sys.argv[2])
            out.mkdir(parents=True, exist_ok=True)
            photograph(browser, address, [name for name in names if not name.startswith("rules/") or name.startswith("rules/i")], out)
        browser.close()
    print("\n".join(problems[:60]))
    print(f"{len(problems)} problems in {len(names)} pages at {' and '.join(map(str, WIDTHS))} px: {pictures} pictures, {len(links)} links")
    sys.exit(bool(problems) or len(names) < 50 or pictures < 5)


main()
