#!/usr/bin/env python3
"""Looks at the built book: every link and picture is there, and no fence of an example shows. Usage: book_check.py HTML"""
import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.names, self.words, self.skipped = [], set(), [], 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]
        self.names.update(attributes[name] for name in ("id", "name") if attributes.get(name))
        self.skipped += tag in ("script", "style", "code")

    def handle_endtag(self, tag):
        self.skipped -= tag in ("script", "style", "code")

    def handle_data(self, data):
        if not self.skipped:
            self.words.append(data)


def main():
    top = pathlib.Path(sys.argv[1]).resolve()
    pages = {}
    for path in sorted(top.rglob("*.html")):
        page = pages[path] = Page()
        page.feed(path.read_text(encoding="utf-8"))
    problems, seen = [], 0
    for path, page in pages.items():
        shown = path.relative_to(top)
        # One that is shown for any address has no place of its own, and says so.
        own = path.parent if path.name != "404.html" else top
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            seen += 1
            name = urllib.parse.unquote(parts.path)
            target = (top / name.lstrip("/") if name.startswith("/") else own / name).resolve() if name else path
            if target.is_dir():
                target = target / "index.html"
            if not target.is_file():
                problems.append(f"{shown}: {link} is not there")
            elif parts.fragment and target in pages and path.name not in ("print.html", "toc.html"):
                if urllib.parse.unquote(parts.fragment) not in pages[target].names:
                    problems.append(f"{shown}: {link}: there is no such heading")
        if "``" in "".join(page.words):
            problems.append(f"{shown}: a fence shows")
    if seen < 500:
        problems.append(f"only {seen} links were looked at")
    print("\n".join(problems[:40] or [f"{seen} links in {len(pages)} pages"]))
    sys.exit(bool(problems))


main()
