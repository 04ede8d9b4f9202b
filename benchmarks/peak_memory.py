"""How much memory a generated training step takes, beside the same step written by hand.

The peak is that of what one step allocates, as `tracemalloc` counts it: not the parameters, not the
data.  Prints those of the step by hand and of the generated kernels, which check as little, and
their ratio; then what the checks of the public `step` add, tables of a kilobyte.

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


def peaks(task: Task) -> tuple[int, int, int]:
    """The peaks of the step by hand, of the generated kernels, and of the step with its checks."""
    params, data = task.start()
    return (
        peak(lambda: task.by_hand(params, **data, alpha=ALPHA)),
        peak(lambda: task.kernels(params, data)),
        peak(lambda: task.module.step(params, **data, alpha=ALPHA)),
    )


def main(word: str = "") -> int:
    """Measure and print; 1 if some step takes more than it may."""
    print(
        f"{'peak of a step':<30} {'by hand':>12} {'kernels':>12}   ratio (bound {BOUND:g})   checks"
    )
    above = False
    for task in (task for task in TASKS if word in task.name):
        by_hand, kernels, step = (each / 1e3 for each in peaks(task))
        ratio = kernels / by_hand
        above = above or ratio > BOUND
        print(f"{task.name:<30} {by_hand:9.1f} kB {kernels:9.1f} kB   {ratio:5.2f}"
              f"              {step - kernels:+9.1f} kB")  # fmt: skip
    return int(above)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
