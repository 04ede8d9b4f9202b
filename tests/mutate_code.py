"""Puts mistakes into the programs of the gallery: `python tests/mutate_code.py --help`."""

import argparse
import sys
import time

from mutants.running import difference, drawn, judge, judged, programs


def main():
    """Make mutants, judge them, print what became of them; exit code 1 where one survived."""
    parser = argparse.ArgumentParser(description="Verifies programs with a mistake in them.")
    parser.add_argument("--mutants", type=int, help="so many; without, every one")
    parser.add_argument("--seed", type=int, default=0, help="which ones are drawn")
    parser.add_argument("--program", action="append", help="only of this program of the gallery")
    parser.add_argument("--kind", action="append", help="only of this kind")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    started = time.monotonic()
    every = [m for name in options.program or programs() for m in judge(name).mutants]
    every = [m for m in every if not options.kind or m.kind in options.kind]
    chosen = drawn(every, options.mutants, options.seed)
    print(f"{len(chosen)} of {len(every)} mutants, seed {options.seed}", flush=True)
    tally = judged(chosen, options.jobs, lambda line: print(line, file=sys.stderr, flush=True))
    for mutant in tally.survivors:
        print(f"\n{mutant.kind}: {mutant.key}", f"line {mutant.line}", sep="\n")
        print(*difference(mutant), sep="\n")
    for mutant in tally.mistaken:
        print(f"\ncaught, but said to be no mistake: {mutant.kind}: {mutant.key}")
    print("", *tally.table(), f"{time.monotonic() - started:.0f} seconds", sep="\n")
    sys.exit(bool(tally.survivors or tally.mistaken))


if __name__ == "__main__":
    main()
