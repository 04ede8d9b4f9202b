"""Many models are built in parallel processes, and nothing but the time shows it."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from derive.cli import main
from derive.errors import LanguageError, Place
from derive.jobs import Died, Finished, Started, run
from derive.progress import watched

GOOD = {
    "good": "w: param = 1; C = (w - 3) ** 2; minimize(C)",
    "more": "w: param = 1; C = w ** 4; minimize(C)",
}
# Neither can be read.
BAD = {
    "bad": "w: param\nC = (v - 3) ** 2\nminimize(C)",
    "worse": "w: param; C = trace(w); minimize(C)",
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (GOOD | BAD).items():
        Path(f"{name}.model").write_text(text, encoding="utf-8")


def derive(capsys, *arguments):
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, re.sub(r"^\[\d/\d\] \w+, \d+\.\d s\n", "", err, flags=re.MULTILINE)


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


# --- the work -----------------------------------------------------------------------------------


def halved(number):
    """Works a little on even numbers; ends its process at an odd one."""
    if number % 2:
        os._exit(7)
    return number // 2, os.getpid()


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_task_is_begun_and_finished_once(jobs):
    tasks = [8, 6, 4, 2]
    events = list(run(halved, tasks, jobs))
    assert [event.index for event in events if isinstance(event, Started)] == [0, 1, 2, 3]
    results = {event.index: event.result for event in events if isinstance(event, Finished)}
    assert [results[index][0] for index in range(4)] == [4, 3, 2, 1]
    processes = {process for _, process in results.values()}
    assert (os.getpid() in processes) == (jobs == 1)
    assert len(processes) <= jobs


def test_a_process_that_ends_takes_one_result_with_it():
    events = list(run(halved, [8, 5, 4, 3, 2], 2))
    results = {event.index: event.result for event in events if isinstance(event, Finished)}
    assert (results[1], results[3]) == (Died(7), Died(7))
    assert [results[index][0] for index in (0, 2, 4)] == [4, 2, 1]


def test_an_error_keeps_its_place_between_processes():
    error = LanguageError("cause", "cure", Place("m", 1, 0, 1, "C"))
    (event, *_) = (e for e in run(same, [error, error], 2) if isinstance(e, Finished))
    assert type(event.result) is LanguageError
    assert str(event.result) == str(error)


def same(value):
    return value


# --- the command --------------------------------------------------------------------------------


def test_the_number_of_jobs_changes_nothing(capsys):
    told = [derive(capsys, "build", "good.model", "more.model", "-o", "one", "--jobs", "1")]
    told += [derive(capsys, "build", "good.model", "more.model", "-o", "two", "--jobs", "2")]
    said = "good: verified, written to {0}/good\nmore: verified, written to {0}/more\n"
    assert told == [(0, "", said.format("one")), (0, "", said.format("two"))]
    assert files("one") == files("two") != {}
    assert derive(capsys, "check", "good.model", "more.model", "-o", "one", "--jobs", "2") == (
        0,
        "",
        "good: up to date\nmore: up to date\n",
    )


def test_every_failure_of_every_process_is_said_in_the_order_of_the_models(capsys):
    names = ["worse.model", "good.model", "bad.model"]
    told = [derive(capsys, "build", *names, "-j", jobs) for jobs in ("1", "3")]
    assert told[0] == told[1]
    code, out, err = told[0]
    assert (code, out, err.count("error: ")) == (2, "", 2)
    assert err.index("error: worse.model, line 1") < err.index("error: bad.model, line 2")
    assert err.endswith("nothing was written\n")
    assert not Path("generated").exists()


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5"])
def test_a_number_of_jobs_that_is_none_is_refused(capsys, jobs):
    with pytest.raises(SystemExit) as raised:
        main(["build", "good", f"--jobs={jobs}"])
    assert raised.value.code == 2
    assert f"argument -j/--jobs: '{jobs}' is not a number from 1" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="sends an interrupt as a terminal does")
def test_an_interrupt_ends_all_processes_and_says_so_once():
    # All that a terminal interrupts is one group of processes, so that each is reached.
    process = subprocess.Popen(
        [sys.executable, "-m", "derive", "build", "good.model", "more.model", "neuron", "-j2"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr.readline().startswith("[1/3]")
    os.killpg(process.pid, signal.SIGINT)
    # What is said ends when the last of them has.
    _, err = process.communicate()
    assert process.returncode == 130
    assert re.fullmatch(r"(\[\d/3\] \w+, \d+\.\d s\n)*interrupted\n", err)
    assert not Path("generated").exists()


# --- progress -----------------------------------------------------------------------------------

BEGUN = (Started(0), Started(1), Finished(1, "B", 0.2), Started(2), Finished(0, "A", 3.0))
EVENTS = (*BEGUN, Finished(2, "C", 1.0))
NAMES = ["attention", "bowl", "cnn"]


def seen(redraws, events=EVENTS, names=NAMES):
    stream = io.StringIO()
    results = watched((event for event in events), names, stream, redraws)
    assert results == ["A", "B", "C"][: len(names)]
    return stream.getvalue()


def test_on_a_terminal_one_line_shows_what_runs_and_leaves_no_trace():
    first, *lines = seen(redraws=True).split("\r\x1b[K")
    assert (first, lines) == (
        "",
        [
            "[0/3] attention",
            "[0/3] attention, bowl",
            "[1/3] attention",
            "[1/3] attention, cnn",
            "[2/3] cnn",
            "[3/3] ",
            "",
        ],
    )


def test_the_line_is_not_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "12")
    assert seen(redraws=True).split("\r\x1b[K")[2] == "[0/3] atten"


def test_elsewhere_each_model_has_a_line_with_its_time():
    assert seen(redraws=False) == "[1/3] bowl, 0.2 s\n[2/3] attention, 3.0 s\n[3/3] cnn, 1.0 s\n"


def test_a_single_model_has_no_progress_to_show():
    assert seen(redraws=False, events=[Started(0), Finished(0, "A", 3.0)], names=NAMES[:1]) == ""


def test_what_is_drawn_is_cleared_when_the_work_is_cut_short():
    def events():
        yield Started(0)
        raise KeyboardInterrupt

    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        watched(events(), NAMES, stream, redraws=True)
    assert stream.getvalue() == "\r\x1b[K[0/3] attention\r\x1b[K"


def test_a_death_is_told_as_an_error(monkeypatch, capsys):
    dying = (event for event in [Started(0), Finished(0, Died(-9), 1.0)])
    monkeypatch.setattr("derive.jobs.run", lambda *_: dying)
    assert derive(capsys, "build", "good.model") == (
        1,
        "",
        "error: good: the process that built it ended with the code -9\n"
        "  cure: if it was not you who ended it, report this with the lines above\n"
        "nothing was written\n",
    )


@pytest.mark.parametrize("said", [None, "3"])
def test_each_process_computes_in_one_thread_unless_the_environment_says_otherwise(
    said, monkeypatch
):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    finished = (e for e in run(os.getenv, ["OMP_NUM_THREADS"] * 2, jobs=2))
    assert [e.result for e in finished if isinstance(e, Finished)] == [said or "1"] * 2
    assert os.environ.get("OMP_NUM_THREADS") == said
