"""The workspace style: the same numbers to the last bit, in memory that is made once."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from test_cases import CASES as FOLDER
from test_cases import NAMES as CASES

from derive import Model
from derive.cli import main
from derive.pipeline import build_model, source_of
from derive.program import slots
from derive.verification.loading import load_module
from derive.verification.points import draw_points
from derive.verification.running import identifiers
from derive.verification.verify import verify
from derive.verification.verify_workspace import workspace_lines

GALLERY = sorted(path.stem for path in Path(str(slots.__file__)).parents[1].glob("gallery/*.model"))

CLASSIFIER = """
N: dim; D: dim; K: dim
X: input[N, D]; y: index(K)[N]
W: param[D, K]; b: param[K]
z = X @ W + b
P = softmax(z, axis=1)
C = -mean(log(P[n, y[n]]), n)
minimize(C)
"""

ADAM = CLASSIFIER.replace("minimize(C)", "minimize(C, adam(alpha=0.1))")


@cache
def compiled(text):
    return Model(text).compile(style="workspace")


def classes(count):
    rng = np.random.default_rng(3)
    params = {"W": rng.normal(size=(5, 4)), "b": rng.normal(size=4)}
    return params, {"X": rng.normal(size=(count, 5)), "y": rng.integers(4, size=count)}


def test_each_operation_is_put_where_its_array_stands():
    source = source_of(Model(CLASSIFIER).derivation, "workspace")
    kernel = source[source.index("def _gradients_in") : source.index("def _workspace")]
    assert [line.strip() for line in kernel.strip().splitlines()] == [
        "def _gradients_in(work, W, b, X, y):",
        "t_4, z, max_z, exp_z_shifted, sum_exp_z_shifted, t_5, t_6, d_W, d_b = work",
        "N = X.shape[0]",
        "K = W.shape[1]",
        "np.matmul(X, W, out=z)",
        "np.add(z, b, out=z)  # (1)",
        "np.maximum.reduce(z, axis=1, out=max_z)",
        "np.subtract(z, max_z[:, None], out=exp_z_shifted)",
        "np.exp(exp_z_shifted, out=exp_z_shifted)",
        "np.add.reduce(exp_z_shifted, axis=1, out=sum_exp_z_shifted)",
        "np.divide(exp_z_shifted, sum_exp_z_shifted[:, None], out=exp_z_shifted)  # (2)",
        "np.log(sum_exp_z_shifted, out=sum_exp_z_shifted)",
        "np.add(t_4, y, out=t_5)",
        'z.reshape(N * K).take(t_5, mode="clip", out=t_6)',
        "np.subtract(t_6, max_z, out=t_6)",
        "np.subtract(sum_exp_z_shifted, t_6, out=sum_exp_z_shifted)",
        "C = np.add.reduce(sum_exp_z_shifted) / N",
        "np.divide(exp_z_shifted, N, out=exp_z_shifted)",
        "np.subtract.at(exp_z_shifted.reshape(-1), t_5, exp_z_shifted.dtype.type(1 / N))  # (5)",
        "np.matmul(X.T, exp_z_shifted, out=d_W)  # (6)",
        "np.add.reduce(exp_z_shifted, axis=0, out=d_b)  # (7)",
        'return C, {"W": d_W, "b": d_b}',
    ]


@pytest.mark.parametrize("name", GALLERY)
def test_a_model_of_the_gallery_is_the_same_to_the_last_bit(name):
    report = verify_workspace(Model.read(name))
    assert report == [("gradients", "verified", ""), ("update", "verified", "")]


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_the_same_to_the_last_bit(name):
    assert {
        verdict
        for _, verdict, _ in verify_workspace(Model.read(str(FOLDER / name / f"{name}.model")))
    } == {"verified"}


def verify_workspace(model):
    derivation = model.derivation
    module = load_module(source_of(derivation, "workspace"))
    points = draw_points(derivation.model, 0)
    with np.errstate(all="ignore"):
        lines = workspace_lines(
            derivation.model, module, points, identifiers(derivation.model, module)
        )
    return [(line.quantity, line.verdict, line.note) for line in lines]


@pytest.mark.parametrize("text", [CLASSIFIER, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_steps_with_a_workspace_are_those_without(text, dtype):
    module = compiled(text)
    params, data = classes(7)
    params = {name: array.astype(dtype) for name, array in params.items()}
    again = {name: array.copy() for name, array in params.items()}
    states = [module.init_state(params), module.init_state(again)]
    work = module.workspace(params, **data)
    for _ in range(3):
        costs = [
            module.step(params, **data, state=states[0]),
            module.step(again, **data, state=states[1], work=work),
        ]
        assert costs[0] == costs[1]
        for name, array in params.items():
            assert array.dtype == again[name].dtype == dtype
            np.testing.assert_array_equal(array, again[name])


@pytest.mark.parametrize("text", [CLASSIFIER, ADAM], ids=["sgd", "adam"])
def test_a_step_takes_no_memory_that_grows_with_the_data(text):
    module = compiled(text)

    def peak(count):
        params, data = classes(count)
        state, work = module.init_state(params), module.workspace(params, **data)
        module.step(params, **data, state=state, work=work)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        module.step(params, **data, state=state, work=work)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most - before

    # NumPy casts and broadcasts through buffers of 8192 numbers, however large the arrays are.
    assert peak(16_000) <= peak(8_000) + 4096 < 300_000


def test_a_workspace_for_other_arguments_is_refused():
    module = compiled(CLASSIFIER)
    params, data = classes(7)
    work = module.workspace(params, **data)
    params, data = classes(8)
    with pytest.raises(ValueError, match=r"^work is for arguments of other shapes or types: make"):
        module.step(params, **data, work=work)


def test_train_makes_another_workspace_for_a_batch_of_another_size():
    batches = [classes(count)[1] for count in (7, 7, 3)]
    ends = []
    for module in (Model(CLASSIFIER).compile(), compiled(CLASSIFIER)):
        params, _ = classes(7)
        costs = module.train(params, batches, report=lambda line: None)
        ends.append((costs, params["W"].tolist()))
    assert ends[0] == ends[1]


def test_the_certificate_names_the_style_and_its_checks():
    built = build_model(CLASSIFIER, "classifier", style="workspace")
    checks = [c for c in built.certificate["checks"] if c["level"] == "workspace"]
    assert built.certificate["style"] == "workspace"
    assert [(c["quantity"], c["verdict"]) for c in checks] == [
        ("gradients", "verified"),
        ("update", "verified"),
    ]


def test_a_model_is_built_again_in_its_style_until_another_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("line.model").write_text("n: dim\nw: param[n]\nC = sum(w ** 2)\nminimize(C)\n")

    def has_workspace():
        return "def workspace(" in Path("generated/line/update.py").read_text()

    found = []
    for arguments in (["--style", "workspace"], [], ["--style", "readable"], []):
        assert main(["build", "line.model", *arguments]) == 0
        assert main(["check", "line.model"]) == 0
        found.append(has_workspace())
    assert found == [True, True, False, False]


# --- the check attacked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("np.add(t_4, y, out=t_5)", "np.add(t_4, y, out=t_4); t_5 = t_4"),
        ("np.subtract(z, max_z[:, None], out=exp_z_shifted)", "np.subtract(z, 0, out=z)"),
        ("out=max_z)", "out=sum_exp_z_shifted)"),
        ("np.log(sum_exp_z_shifted, out=sum_exp_z_shifted)", "pass"),
        ("np.matmul(X.T, exp_z_shifted, out=d_W)  # (6)", "pass"),
        ("np.subtract(theta, t, out=theta)", "np.subtract(t, theta, out=theta)"),
    ],
)
def test_an_array_that_is_overwritten_or_never_written_comes_to_light(wrong, right):
    model = Model(CLASSIFIER).derivation
    source = source_of(model, "workspace")
    assert wrong in source
    lines = verify(model.model, source.replace(wrong, right)).lines
    assert "failed" in {line.verdict for line in lines if line.level == "workspace"}
