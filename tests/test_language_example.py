"""The data of an example: what the lines say, as the generated module makes them."""

import numpy as np
import pytest

from derive import Model
from derive.model import Draw
from derive.terms import ONE, ZERO, Quantity, Size

HEAD = """
N: dim = 3; D: dim = 2; K: dim = 3
X: input[N, D]; y: index(K)[N]; s: input
w: param[D]
C = mean((X @ w) ** 2) * s + 0 * mean(y)
minimize(C)
"""
N, D, K = 4, 2, 3


def model(lines, options="N=4"):
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return Model(f"{HEAD}\nwith example({options}):\n{body}")


def made(lines, **sizes):
    return model(lines).compile().example(**sizes)


def test_the_steps_the_lines_and_the_sizes_of_the_run():
    example = model("s = 1", "steps=7, every=2, N=5, D=4").specification.example
    assert (example.steps, example.every) == (7, 2)
    assert example.sizes == (("N", 5), ("D", 4))


def test_a_draw_has_the_shape_of_what_it_is_drawn_for():
    example = model("X = 2 + normal(0, 1)\ny = integers(0, K)").specification.example
    shape = (Size("N"), Size("D"))
    assert example.draws == (
        Draw(Quantity("draw 1", shape, "input"), "normal", (ZERO, ONE)),
        Draw(Quantity("draw 2", shape[:1], "index"), "integers", (ZERO, Size("K"))),
    )


def test_numbers_are_drawn_from_one_seed_in_the_order_of_the_text():
    data = made("X = 2 + normal(0, 1)\ny = integers(0, K)\ns = uniform(-1, 1)", seed=5)
    rng = np.random.default_rng(5)
    assert (data["X"] == 2 + rng.normal(size=(N, D))).all()
    assert (data["y"] == rng.integers(K, size=N)).all()
    assert data["s"] == rng.uniform(-1, 1)


def test_names_of_the_example_rows_and_whole_numbers():
    data = made(
        "n: range(N); k: range(K); d: range(D)\nmiddle[k, d] = 10 * k + d\nc[n] = (n * n) % K\n"
        "X[n] = middle[c[n]]\ny[n] = floor(n / 2)\ns = mean(middle)"
    )
    places = np.arange(N)
    middle = 10 * np.arange(K)[:, None] + np.arange(D)
    assert (data["X"] == middle[places**2 % K]).all()
    assert (data["y"] == places // 2).all()
    assert data["y"].dtype.kind == "i"
    assert data["s"] == middle.mean()


def test_one_draw_that_is_read_twice_is_drawn_once():
    data = made("y = where(0 < normal(0, 1) < 1, 1, 0)")
    drawn = np.random.default_rng(0).normal(size=N)
    assert (data["y"] == ((drawn > 0) & (drawn < 1))).all()


def test_the_place_of_the_largest():
    data = made("X = normal(0, 1)\ny = argmax(X, axis=1)")
    assert (data["y"] == data["X"].argmax(axis=1)).all()


def test_data_without_a_line_are_drawn_after_the_others():
    data = made("s = normal(0, 1)")
    rng = np.random.default_rng(0)
    assert data["s"] == rng.normal()
    assert (data["X"] == rng.normal(size=(N, D))).all()
    assert (data["y"] == rng.integers(K, size=N)).all()


@pytest.mark.parametrize("sizes", [{}, {"N": 7}, {"K": 5}])
def test_a_size_may_be_another_one(sizes):
    data = made("n: range(N)\ny[n] = n % K", **sizes)
    assert (data["y"] == np.arange(sizes.get("N", N)) % sizes.get("K", K)).all()
