"""How long the derivation of deep models takes: it grows with the equations, not with the sizes.

Derives a tanh network written out layer by layer, with 1 to 1000 layers; ten layers of it with
sizes that are symbolic, small and large; and a chain of 5000 definitions.  Each time is the
median of several runs of the derivation alone, after the text has been read; ratios are taken
within one run.

    python benchmarks/derivation_time.py [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import time

from derive.calculus.adjoint import derive_gradients
from derive.language import read_model
from derive.model import Specification

LAYERS = (1, 10, 100, 1000)
SIZES = {"symbolic": "n: dim", "n = 3": "n: dim = 3", "n = 1000000": "n: dim = 1000000"}


def network(layers: int, size: str = "n: dim") -> Specification:
    """A tanh network with squared error, each layer an equation with parameters of its own."""
    numbers = range(1, layers + 1)
    parameters = [f"W{i}: param[n, n]; b{i}: param[n]" for i in numbers]
    equations = [f"h{i} = tanh({'x' if i == 1 else f'h{i - 1}'} @ W{i} + b{i})" for i in numbers]
    text = [size, "N: dim", "x: input[N, n]", "y: input[N, n]", *parameters, *equations]
    text += [f"C = sum((h{layers} - y)**2)", "minimize(C, sgd())"]
    return read_model("\n".join(text))


def chain(length: int) -> Specification:
    """A chain of definitions, each of one operation."""
    text = ["n: dim", "w: param[n]", "a0 = w"]
    text += [f"a{i} = tanh(a{i - 1})" for i in range(1, length + 1)]
    return read_model("\n".join([*text, f"C = sum(a{length})", "minimize(C, sgd())"]))


def seconds(model: Specification, runs: int) -> float:
    """The median time of deriving all gradients of `model`."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        derive_gradients(model)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(runs: int) -> None:
    """Print the table."""
    seconds(network(10), runs)  # once unmeasured, to warm caches and the processor
    print(f"tanh network, derivation alone, median of {runs} runs")
    times = {layers: seconds(network(layers), runs) for layers in LAYERS}
    for layers, taken in times.items():
        per_layer = 1e3 * taken / layers
        print(f"  {layers:>5} layers  {taken:8.3f} s   {per_layer:6.2f} ms a layer")
    print(f"  100 layers over 10: {times[100] / times[10]:.1f}")
    print("ten layers, by the size of a layer")
    by_size = {name: seconds(network(10, size), runs) for name, size in SIZES.items()}
    for name, taken in by_size.items():
        print(f"  {name:<12} {taken:8.4f} s   {taken / by_size['symbolic']:.2f} of symbolic")
    print(f"a chain of 5000 definitions: {seconds(chain(5000), 1):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
