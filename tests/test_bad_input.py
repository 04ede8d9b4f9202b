"""Input that must not hurt: every row of a table of attacks, under its name there.

Refused: an error with its cause and its cure on stderr, an exit code that is not 0, and no file.
Accepted: a verified build.  Rows that are about a disk stand in `test_hostile_disk.py`.
"""

import json
import os
import pickle
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sympy

from derive import DeriveError, Model
from derive.cli import main
from derive.errors import UsageError
from derive.names import read_latex
from derive.pipeline import source_of
from derive.project import check_name
from derive.verification.loading import load_module

LINE = "n: dim = 3; d: dim = 2\nx: input[n, d]; y: input[n]\nw: param[d]{more}\n"
COST = "C = sum((y_hat - y) ** 2)\nminimize(C, sgd(alpha=0.1))\n"
SMALL = "w: param = 1\n"


def line(right, more="", cost=COST, left="y_hat"):
    return LINE.format(more=more) + f"{left} = {right}\n" + cost


def small(cost):
    return f"{SMALL}C = {cost}\nminimize(C)\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(capsys, text, name="m.model"):
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.process_time()
    code = main(["build", name])
    assert time.process_time() - begun < 10
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.encode()) < 2000
    return code, err


def files(folder="."):
    return {p.as_posix() for p in Path(folder).rglob("*") if p.is_file()}


# --- texts that are refused ---------------------------------------------------------------------

DEEP = 10_000
REFUSED = {
    "inj-import-expr": (
        line("__import__('os').system('touch PWNED')"),
        "'__import__' is reserved: names that begin with an underscore belong to Python",
    ),
    "inj-print-call": (
        line("x @ w", cost="C = sum((y_hat - y) ** 2) + print(1)\nminimize(C)\n"),
        "there is no function 'print'",
    ),
    "inj-fstring": (
        line("x @ w", cost="C = sum((y_hat - f'{w}') ** 2)\nminimize(C)\n"),
        "a text in quotes has no meaning here",
    ),
    "inj-pickle": (pickle.dumps(sympy.Symbol("x")), "m.model, line 1: byte 0x80 is not UTF-8"),
    "tex-brace": ("}{: param\nC = 1\nminimize(C)\n", "'}' closes no bracket"),
    "unicode-nfkc-collision": (
        "ﬁ: param; fi: param; x: input\nC = (ﬁ * x + fi) ** 2\nminimize(C)\n",
        "'ﬁ' and 'fi' are one name to Python",
    ),
    "unicode-bidi": (
        line("x @ w  # \N{RIGHT-TO-LEFT OVERRIDE} ) x ("),
        "the character U+202E RIGHT-TO-LEFT OVERRIDE cannot be seen as it is",
    ),
    "empty-name": (": param\nC = 1\nminimize(C)\n", "this cannot be read as a statement"),
    "undef-symbol": (line("sum(x[i, k] * v[k], k)", left="y_hat[i]"), "'v' is not defined"),
    "self-ref": (line("y_hat[i] + x[i, :] @ w", left="y_hat[i]"), "'y_hat' is defined by itself"),
    "shape-mismatch": (
        line("x @ u", "; k: dim = 4; u: param[k]"),
        "the shapes of 'x @ u' do not fit: 'x' is (n, d) and 'u' is (k,)",
    ),
    "broadcast-silent": (
        "n: dim = 3\nw: param[n]; y: input[n, 1]\nC = sum((w - y) ** 2)\nminimize(C)\n",
        "the shapes of 'w' and 'y' would both be stretched to fit: (n,) and (n, 1)",
    ),
    "no-loss": ("n: dim = 3\nw: param[n]\ny_hat = 2 * w\n", "the model minimises nothing"),
    "float-index": (
        line("sum(x[i, k] * w[1.5], k)", left="y_hat[i]"),
        "'1.5' cannot be a subscript",
    ),
    "nondiff-op": (small("floor(w)"), "there is no function 'floor'"),
    "nondiff-op, a place": (small("argmax(w)"), "there is no function 'argmax'"),
    "nondiff-op, a condition": (small("w * (w > 0)"), "'w > 0' is a condition and not a number"),
    "zero-size": (LINE.format(more="").replace("= 3", "= 0"), "0 is no size"),
    "huge-literal": (small("w ** (10 ** 1000000)"), "the power is too large"),
    "huge-literal, a tower": (small("9 ** 9 ** 9 ** 9 * w"), "the power is too large"),
    "huge-literal, no float": (small("1e400 * w"), "the number 1e400 is beyond all floats"),
    "nest-10k-brackets": (small("(" * DEEP + "w" + ")" * DEEP), "the line has 20005 characters"),
    "nest-10k-unary": (small("-" * DEEP + "w"), "the line has 10005 characters"),
    "redos": ("0" * 10**6 + "e", "the text has 1000001 characters"),
    "lines-100k": (SMALL * 10**5, "the text has"),
    "sizes-51": (
        "".join(f"n{k}: dim\n" for k in range(51)) + small("w ** 2"),
        "the model has 51 sizes; documents and code are made of at most 50",
    ),
    "params-151": (
        "".join(f"v{k}: param\n" for k in range(150)) + small("w ** 2"),
        "the model has 151 data and parameters; documents and code are made of at most 150",
    ),
    "sum-101": (
        small(f"({' + '.join(f'tanh({k} * w)' for k in range(101))})"),
        "the model has 101 terms in one sum or product; documents and code are made of at most 100",
    ),
    "parts-5001": (
        small("w").replace("C = w", "\n".join(f"a{k} = {'+'.join('w' * 99)}" for k in range(60)))
        .replace("minimize", "C = a1\nminimize"),
        "the model has 6001 parts in all equations; documents and code are made of at most 5000",
    ),
    "name-1mb": ("w" * 10**6 + ": param", "the text has"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "cause"), REFUSED.values(), ids=REFUSED)
def test_a_text_that_is_refused(text, cause, capsys):
    code, err = build(capsys, text)
    assert code == 2
    assert err.startswith("error: m")
    assert cause in err
    assert re.search(r"\n  cure: .{3,}\n(.*\n)*\Z", err)
    assert files() == {"m.model"}


# --- texts that are accepted --------------------------------------------------------------------

ACCEPTED = {
    "inj-title-backslash": '"a\\\\"\n' + small("w ** 2"),
    "tex-begin-input": 'r"\\begin{input}{/etc/passwd}\\end{input}"\n' + small("w ** 2"),
    "html-script": "'<script>alert(1)</script> x\" onerror=\"y'\n" + small("w ** 2"),
    "kw-lambda": line("x @ lambda_", "; lambda_: param[d]", "C = sum((y_hat - x @ w) ** 2)\n"
                      "minimize(C)\n"),
    "shadow-generated": line("x @ grad_w + sum(w)", "; grad_w: param[d]; np: param; d_w: param",
                             "C = sum((y_hat - y) ** 2) + np * d_w\nminimize(C)\n"),
    "unicode-ok": "n: dim = 3; d: dim = 2\nx: input[n, d]; y: input[n]; ω: param[d]\n"
                  "ŷ = x @ ω\nC = sum((ŷ - y) ** 2)\nminimize(C)\n",
    "sympy-wrong-trace": "n: dim = 3\nE: param[n, n]\nC = trace(E) + 1\nminimize(C)\n",
    "int-division": small("1 / 2 * w ** 2 + 2 ** (-1) * w ** 2"),
    "size-one": line("x @ w").replace("= 3", "= 1").replace("= 2", "= 1"),
}  # fmt: skip


def built(capsys, row):
    code, err = build(capsys, ACCEPTED[row])
    assert (code, err) == (0, "m: verified, written to generated/m\n")
    certificate = json.loads(Path("generated/m/certificate.json").read_bytes())
    names = ("certificate.json", *certificate["files"])
    assert files() == {"m.model", *(f"generated/m/{name}" for name in names)}
    texts = {name: Path("generated/m", name).read_text(encoding="utf-8") for name in names}
    assert {"derivation.html", "derivation.md", "derivation.tex", "update.py"} <= set(texts)
    return texts, load_module(texts["update.py"])


@pytest.mark.parametrize(
    "cost", ["1 / (1 + 1 / (1 + w))", "1e15 + w", "exp(exp(exp(w)))", "1e-300 * w", "-1e300 * w"]
)
def test_a_run_that_hardly_moves_or_comes_to_no_end_is_no_error(cost, capsys):
    code, err = build(capsys, small(cost))
    assert code == 0
    assert err in {
        f"m: {verdict}, written to generated/m\n" for verdict in ("verified", "undecided")
    }


@pytest.mark.parametrize("row", ACCEPTED)
def test_a_text_that_is_accepted(row, capsys):
    _, module = built(capsys, row)
    assert module.main is not None


def test_a_title_is_text_wherever_it_stands(capsys):
    texts, _ = built(capsys, "html-script")
    assert [name for name, text in texts.items() if "<script>alert" in text] == ["update.py"]
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; x&quot; onerror=&quot;y" in texts["derivation.html"]
    )
    texts, _ = built(capsys, "tex-begin-input")
    assert r"\begin{input}" not in texts["derivation.tex"]
    assert r"\textbackslash{}begin\{input\}\{/etc/passwd\}" in texts["derivation.tex"]


def test_a_keyword_is_renamed_in_the_code_and_printed_as_its_letter(capsys):
    texts, module = built(capsys, "kw-lambda")
    assert r"\lambda" in texts["derivation.tex"]
    assert "lambda_" in module.PARAMETERS


def test_the_derivative_of_a_trace_is_the_identity(capsys):
    _, module = built(capsys, "sympy-wrong-trace")
    _, grads = module.gradients({"E": np.arange(9.0).reshape(3, 3)})
    np.testing.assert_array_equal(grads["E"], np.eye(3))


def test_a_half_is_a_half(capsys):
    _, module = built(capsys, "int-division")
    assert module.loss({"w": 3.0}) == 9.0
    assert str(Model(ACCEPTED["int-division"]).gradient("w")).startswith("∂C/∂w = ")


def test_axes_of_size_one_stay(capsys):
    _, module = built(capsys, "size-one")
    _, grads = module.gradients({"w": np.ones(1)}, np.ones((1, 1)), np.ones(1))
    assert grads["w"].shape == (1,)


def test_unused_param_is_reported(capsys):
    code, err = build(capsys, line("x @ w", "; u: param[d]"))
    said = "the parameter 'u' does not reach the cost 'C': its gradient is zero"
    assert (code, err.splitlines()[0]) == (0, f"caution: m: {said}")
    certificate = json.loads(Path("generated/m/certificate.json").read_bytes())
    assert certificate["cautions"] == [said]


def test_chain_5k_defs_has_its_gradient():
    text = "a0 = w\n" + "".join(f"a{k} = tanh(a{k - 1})\n" for k in range(1, 5001))
    begun = time.process_time()
    model = Model(f"{SMALL}{text}C = a5000 ** 2\nminimize(C)\n")
    assert str(model.gradient("w")).startswith("∂C/∂w = ")
    assert time.process_time() - begun < 30


def test_chain_5k_defs_is_no_document(capsys):
    text = "".join(f"a{k} = tanh(a{k - 1})\n" for k in range(1, 5001))
    code, err = build(capsys, f"{SMALL}a0 = w\n{text}C = a5000 ** 2\nminimize(C)\n")
    assert code == 2
    assert "the model has 5002 equations; documents and code are made of at most" in err


# --- the Python API -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ['w\nimport os; os.system("touch PWNED")\n#', "}{", "", "w" * 10**6, "w x", "ﬁ", "_w"],
    ids=["inj-name-newline", "tex-brace", "empty-name", "long", "space", "folded", "underscore"],
)  # fmt: skip
def test_a_name_that_is_none(name):
    symbol = sympy.Symbol(name)
    with pytest.raises(DeriveError) as refused:
        Model.from_sympy((symbol - 1) ** 2, wrt=[symbol]).compile()
    assert refused.value.cure
    assert len(str(refused.value)) < 2000
    assert files() == set()


@pytest.mark.parametrize(
    "text",
    [r"\immediate\write18{touch PWNED}", r"\input{/etc/passwd}", "$", "}{", "\\", "", "x" * 10**5],
)
def test_tex_write18(text):
    with pytest.raises(DeriveError) as refused:
        read_latex(text)
    assert refused.value.cure
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize(
    "title", ["\\", '"""', "\n\nimport os", "'''\\", "\N{RIGHT-TO-LEFT OVERRIDE}"]
)
def test_inj_title_backslash_through_the_api(title):
    w = sympy.Symbol("w")
    model = Model.from_sympy((w - 1) ** 2, wrt=[w], title=title)
    source = source_of(model.derivation)
    assert load_module(source).loss({"w": 3.0}) == 4.0
    assert model.verify().ok


# --- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/abs/x", "a/../../b", "C:\\x", "x\0y", "CON", "~root"]
)
def test_path_traversal(name, here):
    with pytest.raises(UsageError):
        check_name(name)
    assert main(["new", name]) == 2
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "\x1b[2Jx.model"],
        ["build", "\N{RIGHT-TO-LEFT OVERRIDE}.model"],
        ["build", "neuron", "-o", "/".join(["\x1b[31m" + "x" * 200] * 30)],
        ["show", "neuron", "\x1b[31m" * 1000],
    ],
    ids=["a screen", "a direction", "a path", "a quantity"],
)
def test_what_is_said_is_short_and_moves_no_cursor(arguments, capsys):
    assert main(arguments) in (1, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert len(err.encode()) < 2000
    assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(err)
    assert files() == set()


@pytest.mark.skipif(os.name != "posix", reason="closes a stream as a shell does")
def test_a_closed_stream_is_no_error(here):
    (here / "m.model").write_text(small("w ** 2"))
    for command in ("show", "build", "check"):
        line = f'"{sys.executable}" -m derive {command} m.model >&-'
        done = subprocess.run(line, shell=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr.count(b"rror")) == (0, 0)


@pytest.mark.parametrize("cases", ["10001", "9" * 5000, "0", "x"])
def test_a_number_of_points_has_an_end(cases, capsys):
    with pytest.raises(SystemExit):
        main(["verify", "neuron", "--cases", cases])
    err = capsys.readouterr().err
    assert "is not a number from 1 to 10000" in err
    assert len(err) < 2000


def test_existing_foreign_file(capsys):
    Path("generated/m").mkdir(parents=True)
    Path("generated/m/update.py").write_text("print('mine')\n")
    code, err = build(capsys, small("w ** 2"))
    assert code == 1
    assert "generated/m/update.py is not as derive wrote it" in err
    assert files() == {"m.model", "generated/m/update.py"}
    assert Path("generated/m/update.py").read_text() == "print('mine')\n"


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONHASHSEED": "1", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE"},
        {"PYTHONUTF8": "0", "LANG": "C", "LC_ALL": "C", "TERM": "dumb", "PYTHONOPTIMIZE": "2"},
    ],
    ids=["nondeterminism", "locale-decimal", "no-utf8"],
)
def test_every_environment_gives_the_same_bytes(settings, here, capsys):
    text = line("x @ w + 0.5").replace("x: input", "α: const = 0.25; x: input")
    code, _ = build(capsys, text)
    assert code == 0
    (here / "inner").mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "LANG")}
    command = [sys.executable, "-m", "derive", "build", "../m.model", "-o", "../other"]
    done = subprocess.run(command, cwd="inner", env={**environment, **settings}, check=False)
    assert done.returncode == 0
    one, other = (
        {p.name: p.read_bytes() for p in (here / folder / "m").iterdir()}
        for folder in ("generated", "other")
    )
    assert one == other


# --- the verifier -------------------------------------------------------------------------------


@pytest.mark.parametrize("cost", ["((w ** 1000) ** 1000) ** 1000", "log(-1 - w ** 2)"])
def test_verifier_timeout(cost, capsys):
    code, err = build(capsys, small(cost))
    assert code == 0
    assert "m: undecided, written to generated/m\n" in err
    certificate = json.loads(Path("generated/m/certificate.json").read_bytes())
    assert certificate["verified"] is False
    assert "undecided" in {check["verdict"] for check in certificate["checks"]}
    assert main(["verify", "m.model"]) == 1
