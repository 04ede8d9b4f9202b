"""How long the verification of the whole gallery takes on two cores, and which part costs most.

The gallery is verified at the default level in two processes, and the time from start to end is
held against its bound.  Then processor time by model and by level: what is derived and generated is
not counted.

    python benchmarks/verification_time.py [MODEL ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

from derive.calculus.adjoint import derive_gradients
from derive.calculus.inner import completed
from derive.calculus.requested import requested
from derive.document.build import document_of
from derive.jobs import Finished, run
from derive.language import read_model
from derive.pipeline import checked_steps, source_of
from derive.printed.lines import printed_lines
from derive.project import find_model, gallery
from derive.verification.loading import load_exact, load_module
from derive.verification.points import draw_points
from derive.verification.running import identifiers
from derive.verification.verify import kernel_lines
from derive.verification.verify_floats import float_lines
from derive.verification.verify_requested import requested_lines
from derive.verification.verify_update import update_line

BOUND = 30.0
CORES = 2


def verified(name: str) -> tuple[bool, dict[str, float]]:
    """Whether a model is verified, and the processor time of each level."""
    model, inner = completed(read_model(find_model(name).text, name=name))
    derivation = derive_gradients(model)
    asked = requested(derivation)
    document, source = document_of(derivation, asked), source_of(derivation)
    spent: dict[str, float] = {}

    def timed(level: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        found = work()
        spent[level] = spent.get(level, 0.0) + time.process_time() - start
        return found

    lines = list(timed("steps", lambda: checked_steps(derivation, inner, asked)))
    lines += timed("printed", lambda: printed_lines(derivation, document, asked))
    points = timed("oracle", lambda: draw_points(model, 0))
    exact, floats = load_exact(source, points[0].how, name), load_module(source, name)
    known = identifiers(model, floats)
    lines += timed("kernels", lambda: kernel_lines(model, exact, points, known))
    lines += timed("float64", lambda: float_lines(model, floats, points, known, Random(0)))
    lines.append(timed("float64", lambda: update_line(model, floats, points[0], known)))
    lines += timed(
        "requested", lambda: requested_lines(model, exact, floats, points, known, Random(0))
    )
    return all(line.verdict == "verified" for line in lines), spent


def show(by_name: dict[str, dict[str, float]]) -> None:
    """Processor time by level, and by model, what costs most first."""
    levels: dict[str, float] = {}
    for level, seconds in (pair for spent in by_name.values() for pair in spent.items()):
        levels[level] = levels.get(level, 0.0) + seconds
    total = sum(levels.values())
    print(f"processor time {total:.1f} s, of which")
    for level in sorted(levels, key=lambda level: -levels[level]):
        print(f"  {levels[level]:6.2f} s  {levels[level] / total:4.0%}  {level}")
    for name, spent in sorted(by_name.items(), key=lambda item: -sum(item[1].values())):
        own, dearest = sum(spent.values()), max(spent, key=lambda level: spent[level])
        print(f"  {own:6.2f} s  {own / total:4.0%}  {name}, most of it {dearest}")


def main() -> int:
    """Measure and print; 1 if it takes longer than its bound or something is not verified."""
    names = sys.argv[1:] or list(gallery())
    start = time.perf_counter()
    done = [event for event in run(verified, names, CORES) if isinstance(event, Finished)]
    seconds = time.perf_counter() - start
    print(f"{len(names)} models on {CORES} cores: {seconds:.1f} s (bound {BOUND:g} s)")
    by_name = {names[event.index]: event.result for event in done}
    show({name: spent for name, (_, spent) in by_name.items()})
    wrong = [name for name, (right, _) in by_name.items() if not right]
    print(f"not verified: {', '.join(wrong)}" if wrong else "all verified")
    return 0 if seconds <= BOUND and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
