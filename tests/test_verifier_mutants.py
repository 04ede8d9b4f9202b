"""Each check is needed: without it, a gradient that is known to be wrong is let through."""

import pytest
from mutants.verifier import LACKS, WRONG, lets_through, whole


@pytest.mark.parametrize("wrong", WRONG)
def test_the_whole_verifier_lets_nothing_wrong_through(wrong):
    assert whole(wrong) != "verified"


@pytest.mark.parametrize("lack", LACKS)
def test_without_a_check_something_wrong_is_let_through(lack):
    assert lets_through(LACKS[lack], LACKS[lack].shown_by)


def test_every_wrong_gradient_shows_that_a_check_is_needed():
    assert {lack.shown_by for lack in LACKS.values()} == set(WRONG)
