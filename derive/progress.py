"""What is said while many models are built: a line that is drawn again, or a line for each."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any, TextIO

from derive.jobs import Finished, Started

# To the start of the line, and clear it.
AGAIN = "\r\x1b[K"


def watched(
    events: Generator[Started | Finished], names: Sequence[str], stream: TextIO, redraws: bool
) -> list[Any]:
    """The results of the work on `names`, in their order, while `stream` is told how far it is.

    Where it `redraws`, one line shows what runs, and nothing remains of it.  Else each of several
    has a line when it is done, with its time.

    >>> import sys
    >>> events = (event for event in [Started(0), Started(1), Finished(1, "B", 2.0),
    ...                               Finished(0, "A", 3.0)])
    >>> watched(events, ["a", "b"], sys.stdout, redraws=False)
    [1/2] b, 2.0 s
    [2/2] a, 3.0 s
    ['A', 'B']
    """
    results: dict[int, Any] = {}
    running: dict[int, str] = {}
    width = len(str(len(names)))
    try:
        with closing(events):
            for event in events:
                match event:
                    case Started(index):
                        running[index] = names[index]
                    case Finished(index, result):
                        results[index] = result
                        del running[index]
                head = f"[{len(results):>{width}}/{len(names)}]"
                if redraws:
                    line = f"{head} {', '.join(running.values())}"
                    line = line[: shutil.get_terminal_size().columns - 1]
                    print(f"{AGAIN}{line}", end="", file=stream, flush=True)
                elif isinstance(event, Finished) and len(names) > 1:
                    line = f"{head} {names[event.index]}, {event.seconds:.1f} s"
                    print(line, file=stream, flush=True)
    finally:
        if redraws:
            print(AGAIN, end="", file=stream, flush=True)
    return [results[index] for index in range(len(names))]
