"""Open the HTML of documents in a browser, and say what is wrong with a page.

    python tests/browse_documents.py

Without arguments it takes every page of generated/; else the folders given.  A page is wrong where
it is no valid HTML, where the browser has a message about it, where it asks for anything but
itself, where it scrolls sideways on the screen of a phone, and where it is larger than 200 KiB.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import html5lib
from browser import found, window

GENERATED = Path(__file__).parents[1] / "generated"
PHONE, DESK = (390, 844), (1280, 900)
LARGEST = 200 * 1024
SIDEWAYS = "return document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


def invalid(page: str) -> list[str]:
    """What a strict reader of HTML complains of."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    parser.parse(page)
    return [f"line {place[0]}: {code} {about}" for place, code, about in parser.errors]


def wrong(browser, path: Path) -> list[str]:
    """What is wrong with a page."""
    page = path.read_text(encoding="utf-8")
    found = [f"no valid HTML: {complaint}" for complaint in invalid(page)]
    if len(page.encode()) > LARGEST:
        found.append(f"{len(page.encode()) / 1024:.0f} KiB are more than {LARGEST // 1024}")
    address = path.resolve().as_uri()
    for size in (DESK, PHONE):
        browser.resize(*size, mobile=size == PHONE)
        browser.open(address)
        if (sideways := browser.run(SIDEWAYS)) > 0:
            found.append(f"{sideways} pixels are out of sight at a width of {size[0]}")
    found += [f"the browser says: {message}" for message in browser.console()]
    others = {
        one for one in browser.requests() if one.startswith(("http", "file")) and one != address
    }
    return found + [f"it asks for {other}" for other in sorted(others)]


def main(folders: list[Path]) -> int:
    """Open every derivation*.html below the folders."""
    if found() is None:
        print("there is no Chromium with its driver", file=sys.stderr)
        return 2
    paths = sorted(path for folder in folders for path in folder.rglob("derivation*.html"))
    bad = 0
    with tempfile.TemporaryDirectory() as profile, window(profile) as browser:
        for path in paths:
            complaints = wrong(browser, path)
            bad += bool(complaints)
            for complaint in complaints:
                print(f"{path.parent.name}/{path.name}: {complaint}")
    print(f"{len(paths)} pages opened, {bad} with something wrong")
    return 1 if bad or not paths else 0


if __name__ == "__main__":
    sys.exit(main([Path(folder) for folder in sys.argv[1:]] or [GENERATED]))
