"""How long `derive build neuron` takes, from start to exit, beside the import of its libraries.

The two are run in turn, so that a machine that slows down slows both.  Prints the median of each
and their ratio, with a 95 % interval from resampling the pairs.

    python benchmarks/build_time.py [PAIRS]
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BOUND = 3.0
# As a user has it: Python keeps what it compiled, also where this process is told not to.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
IMPORT = [sys.executable, "-c", "import sympy, numpy, jinja2"]
BUILD = [sys.executable, "-m", "derive", "build", "neuron", "--output"]


def seconds(command: list[str]) -> float:
    """The time that `command` takes from start to exit."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - start


def measure(pairs: int) -> list[tuple[float, float]]:
    """`pairs` times of (import, build), each build into an empty directory."""
    with tempfile.TemporaryDirectory() as folder:
        # Once unmeasured: the first run compiles the modules and fills the caches of the disk.
        outputs = [str(Path(folder, str(number))) for number in range(pairs + 1)]
        times = [(seconds(IMPORT), seconds([*BUILD, output])) for output in outputs]
    return times[1:]


def ratio(times: list[tuple[float, float]]) -> float:
    """The median build over the median import."""
    return statistics.median(b for _, b in times) / statistics.median(i for i, _ in times)


def interval(times: list[tuple[float, float]]) -> tuple[float, float]:
    """The 95 % bootstrap interval of the ratio."""
    draw = random.Random(0)
    ratios = sorted(ratio(draw.choices(times, k=len(times))) for _ in range(2000))
    return ratios[50], ratios[-51]


def main() -> int:
    """Measure and print; 1 if the ratio is above its bound."""
    times = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
    imports, builds = zip(*times, strict=True)
    low, high = interval(times)
    print(f"import sympy, numpy, jinja2   {statistics.median(imports):6.3f} s")
    print(f"derive build neuron           {statistics.median(builds):6.3f} s")
    print(f"ratio                         {ratio(times):6.2f}    (95 %: {low:.2f} to {high:.2f},"
          f" {len(times)} pairs; bound {BOUND:g})")  # fmt: skip
    return 0 if ratio(times) <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
