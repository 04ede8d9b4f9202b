"""Mistakes in generated code are caught; the whole run is `python tests/mutate_code.py`."""

import pytest
from mutants.argued import ARGUED, argument
from mutants.kinds import KINDS
from mutants.running import drawn, judge, judged

# Programs whose points cost little.
SOME = ("bowl", "huber_regression", "logistic_regression", "mlp", "ridge_regression", "word2vec")


def test_a_sample_of_mistakes_is_caught_or_known_to_be_none():
    every = [mutant for name in SOME for mutant in judge(name).mutants]
    tally = judged(drawn(every, 200, seed=5), jobs=1)
    assert ([m.key for m in tally.survivors], [m.key for m in tally.mistaken]) == ([], [])
    assert {mutant.kind for mutant in tally.found} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("sign", "X @ W1 + b1", "X @ W1 - b1"),
        ("dropped term", "X @ W1 + b1", "X @ W1"),
        ("dropped factor", "d_A * (1 - A**2)", "d_A"),
        ("transpose", "W2.T", "W2"),
        ("reduction", "d_Z.sum(axis=0)", "d_Z"),
        ("axis", "axis=0", "axis=1"),
        ("swapped operands", "d_Y_hat @ W2.T", "W2.T @ d_Y_hat"),
        ("wrong constant", "2", "3"),
        ("wrong function", "np.tanh(Z)", "np.arctan(Z)"),
        ("wrong name", "d_Z", "A"),
    ],
)
def test_each_kind_is_made_where_it_can_be(kind, before, after):
    found = [m for m in judge("mlp").mutants if m.kind == kind and m.before == before]
    assert {after, f"({after})"} & {mutant.after for mutant in found}


def test_a_mutant_is_the_source_with_one_place_changed():
    source = judge("mlp").source
    for mutant in judge("mlp").mutants[:50]:
        changed = mutant.applied(source)
        assert changed != source
        assert changed.count("\n") >= source.count("\n") - mutant.before.count("\n")


def test_every_argument_is_about_a_mutant():
    found = {argument(mutant) for name in SOME for mutant in judge(name).mutants}
    rows = {text for row, text in ARGUED.items() if any(rf"{name}\." in row for name in SOME)}
    assert rows <= found
