"""Models drawn at random agree with the oracle; so do those in which a defect was once found."""

import pytest
from random_models import checking
from random_models.checking import Outcome, check
from random_models.found import FOUND
from random_models.found_stages import COMPLETE, STEPS
from random_models.running import draw_many


@pytest.mark.parametrize("found", FOUND)
def test_what_was_found_stays_mended(found):
    assert check(f"{FOUND[found]}minimize(C)\n", complete=False) == Outcome("verified")


@pytest.mark.parametrize("found", COMPLETE)
def test_what_was_found_in_other_stages_stays_mended(found):
    text = COMPLETE[found]
    text = text if "minimize" in text else f"{text}minimize(C)\n"
    assert check(text, complete=True) == Outcome("verified")


@pytest.mark.parametrize("found", STEPS)
def test_each_step_of_what_was_found_is_true(found):
    assert check(f"{STEPS[found]}minimize(C)\n", complete=True) == Outcome("verified")


def test_models_drawn_at_random_agree_with_the_oracle():
    tally = draw_many(250, seed=1)
    assert tally.failures == {}
    assert tally.models >= 250
    verdicts = {verdict for verdict, _ in tally.verdicts}
    verified = sum(n for (verdict, _), n in tally.verdicts.items() if verdict == "verified")
    assert "failed" not in verdicts
    assert verified > 0.85 * tally.models
    drawn = "recurrence where where= gather softmax mask pad @ .T assume def axis det x[t] max prod"
    assert {feature for feature in drawn.split() if not tally.features[feature]} == set()
    report = list(tally.lines())
    assert report[0].startswith(f"{tally.models} different models: {verified} verified")
    assert f"  {tally.features['recurrence']:>7}  recurrence" in report


@pytest.mark.parametrize(
    ("right", "wrong"), [("2 * z", "3 * z"), ("axis=0", "axis=1"), ("C = np.sum", "C = -np.sum")]
)
def test_a_wrong_module_is_a_failure(monkeypatch, right, wrong):
    source_of = checking.module_source
    made = []

    def mistaken(*arguments):
        made.append(source_of(*arguments))
        return made[-1].replace(right, wrong)

    monkeypatch.setattr(checking, "module_source", mistaken)
    text = "n: dim; a: param[n]; x: param[n, n]; z = x + a; C = sum(z ** 2); minimize(C)"
    with pytest.raises(Exception, match=r"kernels give another|the cost is|cannot|operands"):
        check(text, complete=False)
    assert right in made[0]


def test_what_a_stage_refuses_is_counted_with_its_cause():
    refused = check("n: dim; w: param[n]; C = w + v; minimize(C)", complete=False)
    assert refused == Outcome("refused", "LanguageError: '…' is not defined")
