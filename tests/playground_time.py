"""How long the playground takes for the neuron: by a script, and in a browser where there is one.

    python tests/playground_time.py --times 20

`again` is a text that was built before, `new` one in which a number has never been seen.  The
script's time is that of one request; the browser's runs from the key that asks for a build until
the document, the code and the report of that build stand in the page.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import browser
from served import post, running

from derive.project import find_model

NEURON = find_model("neuron").text
RATES = (f"alpha=0.{number:05d}1" for number in itertools.count(1))

MEASURED = """
const [text, done] = arguments, panels = document.querySelector(".panels");
const field = document.getElementById("text");
new MutationObserver((_, observer) => {
  if (panels.dataset.shown !== panels.dataset.key) return;
  observer.disconnect();
  requestAnimationFrame(() => done(performance.now() - start));
}).observe(panels, { attributeFilter: ["data-shown"] });
field.value = text;
const start = performance.now();
field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
"""


def changed():
    """The neuron with a step size that was never seen."""
    return NEURON.replace("alpha=0.001", next(RATES))


def texts(times):
    """The texts to measure by kind: some that come again and again, and new ones."""
    known = [changed(), changed()]
    return known, {"again": known * times, "new": [changed() for _ in range(2 * times)]}


def by_script(server, times):
    known, kinds = texts(times)
    for text in known:
        post(server, "/build", {"name": "neuron", "text": text})
    for kind, asked in kinds.items():
        seconds = []
        for text in asked:
            start = time.perf_counter()
            status, _, answer = post(server, "/build", {"name": "neuron", "text": text})
            seconds.append(time.perf_counter() - start)
            assert status == 200
            assert "data-key" in answer
        yield f"script, {kind}", seconds


def in_browser(server, times):
    known, kinds = texts(times)
    with tempfile.TemporaryDirectory() as profile, browser.window(Path(profile)) as page:
        page.open(server.address)
        page.until("document.querySelector('.panels').dataset.shown")
        for text in known:
            page.later(MEASURED, text)
        for kind, asked in kinds.items():
            yield f"browser, {kind}", [page.later(MEASURED, text) / 1000 for text in asked]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, metavar="N", help="half of the builds")
    times = parser.parse_args().times
    with running() as server:
        parts = [by_script(server, times)]
        if browser.found():
            parts.append(in_browser(server, times))
        for kind, seconds in itertools.chain.from_iterable(parts):
            middle, high = statistics.median(seconds), sorted(seconds)[int(0.95 * len(seconds))]
            print(f"{kind:<15} median {1000 * middle:6.1f} ms   95 % {1000 * high:6.1f} ms")


if __name__ == "__main__":
    main()
