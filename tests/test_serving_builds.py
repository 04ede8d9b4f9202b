"""Builds in other processes: once a text, within a time, and whatever becomes of the process."""

import os
import threading
import time

import pytest
from pretended_builds import pretended

from derive.errors import DeriveError
from derive.serving.builds import Builds, Limits, TooMany
from derive.serving.drafts import Draft, Made

HERE = os.getpid()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def started(log):
    """Builds with given limits, which are ended behind the test."""
    begun = []

    def start(**limits):
        builds = Builds(pretended, Draft(str(log), "warm"), Limits(**{"processes": 1, **limits}))
        begun.append(builds)
        return builds

    yield start
    for builds in begun:
        builds.close()


def lines(log):
    return [line.split(maxsplit=1) for line in log.read_text().splitlines()]


def processes(log):
    return [int(process) for process, _ in lines(log)]


def warm(builds, log):
    """Wait until a process is warm."""
    assert builds.build(Draft(str(log), "warm")).files == {"file": b"warm"}


def at_once(count, work):
    """The results of `work(0)`, `work(1)`, ... in as many threads."""
    results = [None] * count
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# --- results ------------------------------------------------------------------------------------


def test_a_text_is_built_once_in_another_process_that_stays(started, log):
    builds = started()
    first, again, other = (builds.build(Draft(str(log), text)) for text in ("a", "a", "b"))
    assert first is again
    assert other.files == {"file": b"b"}
    assert [text for _, text in lines(log)] == ["warm", "a", "b"]
    assert len(set(processes(log))) == 1
    assert HERE not in processes(log)


def test_those_who_ask_for_one_text_at_once_share_its_build(started, log):
    builds = started(processes=2)
    draft = Draft(str(log), "sleep 0.3")
    results = at_once(5, lambda _: builds.build(draft))
    assert results == [results[0]] * 5
    assert [text for _, text in lines(log) if text != "warm"] == ["sleep 0.3"]


def test_a_result_is_found_by_its_key_until_others_take_its_place(started, log):
    builds = started(held=2)
    first, second, third = (Draft(str(log), text) for text in "abc")
    for draft in (first, second, first, third):
        builds.build(draft)
    # `first` was asked for after `second`.
    assert [builds.held(one.key) is not None for one in (first, second, third)] == [
        True,
        False,
        True,
    ]
    assert builds.held("none") is None


def test_what_is_refused_says_so_and_is_not_held(started, log):
    builds = started()
    draft = Draft(str(log), "refuse")
    assert builds.build(draft).cause == "refused"
    assert builds.held(draft.key) is None


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["sleep 60", "spin"])
def test_what_takes_too_long_is_ended_and_the_next_is_built(started, log, text):
    builds = started(seconds=1.5)
    warm(builds, log)
    start = time.monotonic()
    error = builds.build(Draft(str(log), text))
    assert 1.5 <= time.monotonic() - start < 10
    assert error.cause == "the build took longer than 1.5 s and was ended"
    assert error.cure == (
        "write the model with fewer equations or smaller sizes, or allow more with --seconds"
    )
    assert is_gone(processes(log)[-1])
    assert isinstance(builds.build(Draft(str(log), "next")), Made)


def test_while_a_process_warms_itself_its_time_does_not_run(log):
    builds = Builds(pretended, Draft(str(log), "sleep 0.8"), Limits(processes=1, seconds=0.5))
    try:
        assert isinstance(builds.build(Draft(str(log), "next")), Made)
    finally:
        builds.close()


def test_what_a_process_warms_itself_with_is_not_built_again(started, log):
    builds = started()
    warm(builds, log)
    warm(builds, log)
    assert [text for _, text in lines(log)] == ["warm"]


@pytest.mark.parametrize(("text", "code"), [("exit 3", 3), ("raise", 1), ("kill", -9)])
def test_a_process_that_dies_is_replaced(started, log, text, code):
    builds = started(seconds=20)
    error = builds.build(Draft(str(log), text))
    assert error.cause == f"the process that built it ended with the code {code}"
    assert isinstance(builds.build(Draft(str(log), "next")), Made)
    assert [one for _, one in lines(log)] == ["warm", text, "warm", "next"]
    assert len(set(processes(log))) == 2


def test_no_more_builds_run_at_once_than_there_are_processes(started, log):
    builds = started(processes=2)
    results = at_once(5, lambda number: builds.build(Draft(str(log), f"sleep 0.{number + 1}")))
    assert all(isinstance(result, Made) for result in results)
    assert len(set(processes(log))) == 2


def test_where_too_many_wait_the_next_is_told(started, log):
    builds = started(waiting=1)
    results = at_once(6, lambda number: builds.build(Draft(str(log), f"sleep 1.{number}")))
    told = [result for result in results if isinstance(result, TooMany)]
    assert len(told) == 4
    assert (told[0].cause, told[0].cure) == (
        "too many builds are under way",
        "try again in a moment",
    )
    assert isinstance(builds.build(Draft(str(log), "next")), Made)


def test_a_build_for_which_nobody_waits_is_ended(started, log):
    builds = started()
    warm(builds, log)
    start = time.monotonic()
    gone = builds.build(Draft(str(log), "sleep 60"), gone=lambda: time.monotonic() > start + 0.3)
    assert gone.cause == "nobody waits for this build"
    assert isinstance(builds.build(Draft(str(log), "next")), Made)
    assert time.monotonic() - start < 20
    assert is_gone(processes(log)[1])


def test_a_build_goes_on_while_one_of_those_who_asked_waits(started, log):
    builds = started()
    warm(builds, log)
    draft = Draft(str(log), "sleep 0.8")
    start = time.monotonic()

    def ask(number):
        return builds.build(draft, gone=lambda: number == 0 and time.monotonic() > start + 0.2)

    left, stayed = at_once(2, ask)
    assert isinstance(left, DeriveError)
    assert isinstance(stayed, Made)
    assert [text for _, text in lines(log)] == ["warm", "sleep 0.8"]


def test_all_processes_end_with_the_builds(started, log):
    builds = started(processes=2)
    warm(builds, log)
    builds.close()
    assert all(is_gone(process) for process in processes(log))


def test_those_who_wait_when_all_is_ended_are_told(started, log):
    builds = started()
    warm(builds, log)
    told = []
    waiting = threading.Thread(
        target=lambda: told.append(builds.build(Draft(str(log), "sleep 60")))
    )
    waiting.start()
    while len(lines(log)) < 2:
        time.sleep(0.01)
    builds.close()
    waiting.join(20)
    assert [type(outcome) for outcome in told] == [DeriveError]


def is_gone(process):
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
