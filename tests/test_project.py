"""Models are found by name or path, and names are safe path components."""

from pathlib import Path

import pytest

from derive.errors import LanguageError, OutputError, UsageError
from derive.output import compare
from derive.output import write as write_output
from derive.project import (
    LANGUAGES,
    ModelText,
    Project,
    check_name,
    find_model,
    find_models,
    find_project,
    gallery,
    new_model,
    output_directory,
)


def names(models):
    return tuple(model.name for model in models)


def write(path, text="C = 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- settings -----------------------------------------------------------------------------------


def test_the_nearest_pyproject_with_our_table_counts(here, monkeypatch):
    write(here / "pyproject.toml", '[tool.derive]\nmodels = ["a.model"]\nlanguages = ["zh"]\n')
    write(here / "inner" / "pyproject.toml", "[tool.other]\n")
    monkeypatch.chdir(here / "inner")
    assert find_project(Path()) == Project(here.resolve(), ("a.model",), "generated", ("zh",))


@pytest.mark.parametrize("text", ["", "tool = 1\n", "[project]\n"])
def test_without_a_table_the_defaults_count(here, text):
    write(here / "pyproject.toml", text)
    assert find_project(here) == Project(here, (), "generated", ())


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[tool]\nderive = 1", "tool.derive is not a table\n  cure: write [tool.derive]"),
        ("[tool.derive]\nmodel = []", "has no setting 'model'\n  cure: did you mean 'models'?"),
        ("[tool.derive]\nmodels = 'a'", "models is not a list of strings\n  cure: write models"),
        ("[tool.derive]\nmodels = [1]", "models is not a list of strings\n  cure: write models"),
        ("[tool.derive]\noutput = 1", "output is not the path of a directory\n  cure: write"),
        ("[tool.derive]\nlanguages = ['fr']", "'fr', which is not a language of derive\n  cure: "),
        ("[tool.derive", "cannot be read: Expected ']' at the end of a table declaration"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_named(here, table, message):
    write(here / "pyproject.toml", table)
    with pytest.raises(UsageError) as raised:
        find_project(here)
    assert message in str(raised.value)


# --- models -------------------------------------------------------------------------------------


def test_a_name_is_of_the_project_before_the_gallery(here):
    project = Project(here, ("models/*.model",))
    write(here / "models" / "neuron.model", "mine = 1\n")
    assert find_model("neuron", project).text == "mine = 1\n"
    assert find_model("bowl", project).text == find_model("bowl").text


def test_a_path_is_read_wherever_it_is(here):
    write(here / "mine.model", "C = 1\r\nD = 2\r\n")
    assert find_model("mine.model") == ModelText("mine", "C = 1\nD = 2\n", "mine.model")
    assert find_model(str(here / "mine.model")).source == str(here / "mine.model")


def test_a_project_lists_files_patterns_and_the_gallery(here):
    for path in ("b.model", "models/z.model", "models/a.model"):
        write(here / path)
    project = Project(here, ("b.model", "models/*.model", "neuron"))
    assert names(find_models([], project)) == ("b", "a", "z", "neuron")


def test_one_model_asked_for_twice_is_one(here):
    write(here / "a.model")
    assert names(find_models(["a.model", "./a.model", "a.model"], Project(here))) == ("a",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("neuro", "there is no model 'neuro'\n  cure: did you mean 'neuron'?"),
        ("here", "there is no model 'here'\n  cure: for the file, write here.model"),
        ("no/such.model", "no/such.model does not exist\n  cure: give the path of a model file"),
        ("folder.model", "folder.model is not a file\n  cure: give the path of a model file"),
        ("Caps.model", "'Caps' cannot be the name of a model\n  cure: begin with a small letter"),
        ("con.model", "'con' is a device on some systems\n  cure: choose another name"),
        ("", ". is not a file"),
        ("a\0b", "does not exist"),
        ("x" * 5000, "cannot be read: File name too long"),
    ],
)
def test_what_nothing_answers_to_is_an_error_with_a_cure(here, given, message):
    write(here / "here.model")
    write(here / "Caps.model")
    write(here / "con.model")
    (here / "folder.model").mkdir()
    with pytest.raises(UsageError) as raised:
        find_model(given, Project(here))
    assert message in str(raised.value)
    assert len(str(raised.value)) < 2000


def test_two_models_of_one_name_would_share_their_output(here):
    write(here / "neuron.model")
    with pytest.raises(UsageError, match="two models are called 'neuron'"):
        find_models(["neuron", "./neuron.model"], Project(here))


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ((), "no model is given, and no pyproject.toml here lists any"),
        (("nothing/*.model",), "no file is like nothing/*.model"),
        (("neuro",), "models has 'neuro', which is not in the gallery\n  cure: did you mean"),
        (("gone.model",), "gone.model does not exist"),
    ],
)
def test_a_project_that_lists_nothing_is_an_error(here, listed, message):
    with pytest.raises(UsageError) as raised:
        find_models([], Project(here, listed))
    assert message in str(raised.value)


def test_bytes_that_are_not_text_are_named(here):
    (here / "a.model").write_bytes(b"ok = 1\n\xff\n")
    with pytest.raises(LanguageError) as raised:
        find_model("a.model")
    assert str(raised.value) == (
        "a.model, line 2: byte 0xff is not UTF-8\n  cure: save the file as UTF-8"
    )


def test_an_endless_file_is_not_read_to_its_end(here):
    with (here / "a.model").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(LanguageError, match=r"a\.model is too long for a model"):
        find_model("a.model")


def test_this_repository_lists_its_gallery():
    project = find_project(Path(__file__).parent)
    assert names(find_models([], project)) == gallery() != ()


def test_there_is_a_catalogue_for_each_language():
    found = (Path(__file__).parent.parent / "derive" / "catalogue").glob("*.toml")
    assert sorted(LANGUAGES) == sorted(path.stem for path in found)


# --- names and new models -----------------------------------------------------------------------

# fmt: off
BAD = [
    "../../etc/x", "/abs/x", "a/../../b", "C:\\x", "x\0y", "~root", ".", "..", "", " ", "a b",
    "a\n", "CON", "con", "nul", "lpt1", "A", "-a", "_a", "1a", "ａ", "ŷ", "a.b", "a-", "a" * 65,
]
# fmt: on


@pytest.mark.parametrize("name", BAD)
def test_a_name_is_one_plain_path_component(here, name):
    for refuse in (check_name, lambda name: output_directory(here, name)):
        with pytest.raises(UsageError):
            refuse(name)
    with pytest.raises(UsageError):
        new_model(here, name)
    assert list(here.iterdir()) == []


def test_output_stays_below_the_output_directory(here):
    assert output_directory(Path("out"), "a") == Path("out/a")
    (here / "out").mkdir()
    (here / "out" / "a").symlink_to(here.parent)
    with pytest.raises(OutputError, match="out/a leads out of out"):
        output_directory(Path("out"), "a")


def test_a_link_to_itself_is_an_error_of_ours(here):
    (here / "out").mkdir()
    (here / "out" / "a").symlink_to("a")
    directory = output_directory(Path("out"), "a")
    with pytest.raises(OutputError, match="cannot be"):
        write_output(compare(directory, (("a.md", "1"),), {}, ("en",)))


def test_a_new_model_is_never_written_over_another(here):
    path = new_model(here, "mine")
    text = path.read_bytes()
    assert path == here / "mine.model"
    assert b"minimize(" in text
    path.write_bytes(b"edited")
    with pytest.raises(OutputError, match=r"mine\.model is there already"):
        new_model(here, "mine")
    assert path.read_bytes() == b"edited"
