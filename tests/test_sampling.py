"""Sizes that fit the model and tell its dimensions apart, and data of which the facts are true."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np
import pytest
from forms import at, compare, equation, index, m, n, quantity, reduce, specification, total

from derive.errors import VerificationError
from derive.model import Dimension, Fact
from derive.terms import Add, FloorDivide, Negate, Number, Size
from derive.verification.sampling import KINDS, random_indices, random_inputs
from derive.verification.small_sizes import alike_at, candidates, telling_apart, with_ones
from derive.verification.work import Counting

one = Number(Fraction(1))
k, K, pad = (Size(name) for name in ("k", "K", "pad"))


def matrix_model():
    i, j = index(n), index(m, "j")
    w = quantity("w", n, m, kind="param")
    return specification(equation(quantity("C"), (), total((i, j), at(w, i, j))))


def windows():
    """The mean over each window of K entries, of those that lie inside: none may be empty."""
    length = Add((n, pad, Negate(K), one))
    i, j = index(Size("T"), "i"), index(K, "j")
    w, out = quantity("w", n, kind="param"), quantity("out", Size("T"))
    inside = compare("<", Add((i_value(i), i_value(j))), n)
    body = reduce("mean", j, at(w, Add((i_value(i), i_value(j)))), inside)
    model = specification(
        equation(out, (i,), body), equation(quantity("C"), (), total(i, at(out, i)))
    )
    free = tuple(Dimension(name) for name in ("n", "K", "pad"))
    return replace(model, dimensions=(*free, Dimension("T", formula=length)))


def i_value(i):
    from derive.terms import IndexValue

    return IndexValue(i)


def test_the_first_sizes_differ_from_each_other_and_from_one_and_two():
    pool = candidates(matrix_model(), Random(0), ["w"])
    first = telling_apart(pool)[0]
    assert alike_at(first.all, [first.all]) == []
    assert len({*first.all.values(), 1, 2}) == 4


def test_sizes_that_follow_are_positive_and_no_window_is_empty():
    for candidate in candidates(windows(), Random(1), ["w"]):
        sizes = candidate.all
        assert sizes["T"] == sizes["n"] + sizes["pad"] - sizes["K"] + 1 >= 1
        # the last window begins at T - 1
        assert sizes["pad"] < sizes["K"]


def test_points_together_tell_apart_what_no_single_one_can():
    pool = [c for c in candidates(windows(), Random(2), ["w"]) if max(c.free.values()) <= 4]
    before = []
    while alike_at(pool[0].all, before):
        best = telling_apart(pool, before)[0]
        assert best.all not in before
        before.append(best.all)
    for a, b in combinations(pool[0].all, 2):
        assert any(sizes[a] != sizes[b] and 1 not in (sizes[a], sizes[b]) for sizes in before)


def test_every_dimension_is_one_somewhere():
    pool = candidates(matrix_model(), Random(0), ["w"])
    chosen = with_ones(matrix_model(), Random(0), ["w"], pool)
    for name in ("n", "m"):
        assert any(candidate.all[name] == 1 for candidate in chosen)
    assert all(sorted(candidate.all.values())[0] == 1 for candidate in chosen)
    assert all(sorted(candidate.all.values())[1] > 1 for candidate in chosen)


def test_where_no_sizes_fit_it_is_said():
    never = replace(matrix_model(), dimensions=(Dimension("n"), Dimension("m", formula=Negate(n))))
    with pytest.raises(VerificationError, match="no small sizes fit"):
        candidates(never, Random(0), ["w"])
    halves = Dimension("m", formula=FloorDivide(n, Number(Fraction(40))))
    late = replace(matrix_model(), dimensions=(Dimension("n"), halves))
    with pytest.raises(VerificationError, match="no small sizes fit"):
        candidates(late, Random(0), ["w"])


def test_work_grows_with_the_entries_and_with_their_slopes():
    model = matrix_model()
    counting, without = Counting(model, ["w"]), Counting(model, [])
    small, large = ({"n": 2, "m": size} for size in (2, 4))
    # an entry of w under the sum, and the sum: n m + 1 nodes, each a value and n m slopes
    assert counting.candidate(small).work == (4 + 1) * (1 + 4)
    assert counting.candidate(large).work == (8 + 1) * (1 + 8)
    assert without.candidate(large).work == 8 + 1


def test_data_of_every_kind_keep_the_facts():
    w = quantity("w", n, m, kind="param")
    model = matrix_model()
    sizes = {"n": 3, "m": 2}
    for kind in KINDS:
        facts = (Fact("positive", w), Fact("rows_sum_to_one", w))
        rows = random_inputs(replace(model, facts=facts), sizes, Random(0), kind)["w"]
        assert [sum(row) for row in rows] == [1, 1, 1]
        assert all(number > 0 for number in rows.flat)
        drawn = replace(model, facts=(Fact("orthonormal", w),))
        q = random_inputs(drawn, sizes, Random(0), kind)["w"]
        assert np.array_equal(q.T @ q, np.eye(2))


def test_index_data_repeat_and_do_not():
    drawn = [tuple(random_indices((2,), 3, Random(seed))) for seed in range(20)]
    assert any(a == b for a, b in drawn)
    assert any(a != b for a, b in drawn)
    for seed in range(20):
        several = random_indices((4,), 3, Random(seed))
        assert len(set(several)) < 4
        assert set(several) <= {0, 1, 2}
