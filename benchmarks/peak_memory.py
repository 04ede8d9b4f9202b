"""How much memory a generated training step takes, beside the same step written by hand.

The peak is that of what one step allocates, as `tracemalloc` counts it: not the parameters, not the
data.  Prints both and their ratio.

    python benchmarks/peak_memory.py [WORD]

WORD chooses the tasks that have it in their name.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable

from tasks import ALPHA, TASKS, Task

BOUND = 1.2


def peak(run: Callable[[], object]) -> int:
    """The largest number of bytes that a call holds beside what there was before."""
    run()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most - before


def peaks(task: Task) -> tuple[int, int]:
    """The peaks of the step by hand and of the generated one."""
    params, data = task.start()
    return (
        peak(lambda: task.by_hand(params, **data, alpha=ALPHA)),
        peak(lambda: task.module.step(params, **data, alpha=ALPHA)),
    )


def main(word: str = "") -> int:
    """Measure and print; 1 if some step takes more than it may."""
    print(f"{'peak of a step':<30} {'by hand':>12} {'generated':>12}   ratio (bound {BOUND:g})")
    above = False
    for task in (task for task in TASKS if word in task.name):
        by_hand, generated = peaks(task)
        ratio = generated / by_hand
        above = above or ratio > BOUND
        print(f"{task.name:<30} {by_hand / 1e6:9.3f} MB {generated / 1e6:9.3f} MB   {ratio:5.2f}")
    return int(above)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
