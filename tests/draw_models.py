"""Draws random models and holds them against the oracle: `python tests/draw_models.py --help`."""

import argparse
import gc
import sys

from random_models.running import draw_many


def main():
    """Draw, check, print; the exit code is 1 where a model failed."""
    parser = argparse.ArgumentParser(description="Draws models at random and verifies them.")
    parser.add_argument("--models", type=int, default=20_000, help="so many different texts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, help="stop after so long")
    parser.add_argument(
        "--complete", type=int, default=2, help="so many of a hundred go through every stage"
    )
    options = parser.parse_args()
    # Terms hold no circles: collecting seldom takes a tenth of the time less.
    gc.set_threshold(200_000, 20, 20)
    tally = draw_many(
        options.models,
        options.seed,
        options.minutes,
        lambda line: print(line, flush=True),
        options.complete,
    )
    print(f"seed {options.seed}", *tally.lines(), sep="\n")
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
