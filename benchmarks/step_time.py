"""How long a generated training step takes, beside the same step written by hand.

In each round every competitor runs for a while, in random order and in one process; the ratio to
the step written by hand is taken round by round.  Prints for each task the median time of the step
by hand; the median ratio of the generated one, its kernels, which check as little as the one by
hand; and that of the public `step`, which looks at all that is passed in and at all gradients.
Each with the 95 % interval of the median from the order statistics.

    OPENBLAS_NUM_THREADS=1 python benchmarks/step_time.py [ROUNDS [WORD]]

WORD chooses the tasks that have it in their name.

All tasks run in one process, as the steps of a longer program do.  An allocator that gives memory
back after each step, as glibc's does with arrays of megabytes, lets the next step pay for fresh
pages, up to half of the time of attention and convolution; how much is given back depends on the
order in which arrays are freed and on what else lies in memory.  So a task that is measured alone
may differ by some hundredths.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from tasks import ALPHA, TASKS, Task

ROUNDS = 31
# How long a competitor runs in a round, in seconds.
TURN = 0.03


def competitors(task: Task) -> dict[str, Callable[[], object]]:
    """The step by hand, the generated kernels, and the generated step.

    Each has its own parameters.  All read the same data: where these lie in memory moves what
    streams them by some hundredths.
    """
    (by_hand, data), (kernels, _), (step, _) = (task.start() for _ in range(3))
    return {
        "hand": lambda: task.by_hand(by_hand, **data, alpha=ALPHA),
        "kernels": lambda: task.kernels(kernels, data),
        "step": lambda: task.module.step(step, **data, alpha=ALPHA),
    }


def seconds(run: Callable[[], object], times: int) -> float:
    """The time of one call, from several."""
    start = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - start) / times


def measure(task: Task, rounds: int) -> dict[str, list[float]]:
    """The time of each competitor in each round."""
    runs = competitors(task)
    times = {name: max(1, round(TURN / seconds(run, 3))) for name, run in runs.items()}
    found: dict[str, list[float]] = {name: [] for name in runs}
    draw = random.Random(0)
    gc.disable()
    for _ in range(rounds):
        for name in draw.sample(list(runs), len(runs)):
            runs[name]()
            found[name].append(seconds(runs[name], times[name]))
        gc.collect()
    gc.enable()
    return found


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the order statistics between which that of all runs is, 95 times of 100."""
    ordered, n = sorted(values), len(values)
    outside = max(0, math.floor(n / 2 - 0.98 * math.sqrt(n)))
    return statistics.median(ordered), ordered[outside], ordered[n - 1 - outside]


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 if the kernels of some task take longer than the step by hand."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    word = arguments[1] if len(arguments) > 1 else ""
    print(f"{'median of ' + str(rounds) + ' rounds':<30} {'by hand':>10}"
          f"   {'kernels / by hand':<22} with all checks / by hand")  # fmt: skip
    slower = 0
    for task in (task for task in TASKS if word in task.name):
        found = measure(task, rounds)
        cells = []
        for name in ("kernels", "step"):
            pairs = zip(found[name], found["hand"], strict=True)
            middle, low, high = interval([a / b for a, b in pairs])
            cells.append(f"{middle:5.2f}  ({low:.2f} to {high:.2f})")
            slower += name == "kernels" and low > 1
        by_hand = 1e6 * statistics.median(found["hand"])
        print(f"{task.name:<30} {by_hand:7.0f} µs   {cells[0]:<22} {cells[1]}", flush=True)
    return int(slower > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
