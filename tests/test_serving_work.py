"""The work of the playground: the files of a build, byte for byte, within bounds."""

import pytest

from derive.errors import DeriveError
from derive.output import CERTIFICATE, completed
from derive.pipeline import build_model
from derive.project import LANGUAGES, find_model
from derive.serving.builds import Builds, Limits
from derive.serving.drafts import Draft
from derive.serving.work import MOST_MEMORY, build, build_within_bounds


def test_the_work_is_all_files_of_a_build_and_their_certificate():
    model = find_model("bowl")
    made = build(Draft(model.name, model.text))
    built = build_model(model.text, model.name, LANGUAGES)
    files = {name: text.encode() for name, text in built.files}
    assert made.files == files | {CERTIFICATE: completed(files, built.certificate, LANGUAGES)}
    assert (made.report, made.cautions) == (built.report, built.cautions)


def test_an_error_in_the_text_has_its_place_in_a_file_of_its_name():
    error = build(Draft("mine", "w: param\nC = (v - 3) ** 2\nminimize(C)"))
    assert str(error).splitlines()[:3] == [
        "mine.model, line 2",
        "   2 | C = (v - 3) ** 2",
        "            ^",
    ]


@pytest.mark.parametrize("name", ["", "../up", "Mine", "con", "a" * 65])
def test_a_name_that_no_file_can_have_is_refused(name):
    assert isinstance(build(Draft(name, find_model("bowl").text)), DeriveError)


def hungry(draft):
    """The real work, and behind it how much memory could not be had."""
    made = build_within_bounds(draft)
    try:
        bytearray(MOST_MEMORY)
    except MemoryError:
        return made
    return None


def test_the_memory_of_a_process_is_bounded():
    pytest.importorskip("resource")
    draft = Draft("bowl", find_model("bowl").text)
    builds = Builds(hungry, draft, Limits(processes=1))
    try:
        assert builds.build(draft) == build(draft)
    finally:
        builds.close()
