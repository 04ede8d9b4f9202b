"""Takes one check after the other from the verifier: `python tests/mutate_verifier.py`."""

import sys

from mutants.verifier import LACKS, WRONG, lets_through, whole


def main():
    """Print which wrong gradients each mutated verifier lets through; exit code 1 where none."""
    print(f"{len(LACKS)} mutants of the verifier, {len(WRONG)} gradients known to be wrong")
    idle = []
    for name, lack in LACKS.items():
        through = [wrong for wrong in WRONG if lets_through(lack, wrong)]
        print(f"{name}: lets {len(through)} through", *through, sep="\n    ", flush=True)
        idle += [name] if not through else []
    passed = [wrong for wrong in WRONG if whole(wrong) == "verified"]
    print(f"idle: {idle or 'none'}; let through by the whole verifier: {passed or 'none'}")
    sys.exit(bool(idle or passed))


if __name__ == "__main__":
    main()
