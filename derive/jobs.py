"""One piece of work for each of many tasks, in parallel processes.

Each process works on one task at a time and is given the next when it is done, so that it is known
at any time what runs.  Nothing depends on the number of processes but the order of the events.

The processes are spawned, not forked: that is the same on every system, and is safe where the
libraries have threads.  What a process has to import is so paid once in each.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

Work = Callable[[Any], Any]


@dataclass(frozen=True)
class Started:
    """The work on `tasks[index]` begins."""

    index: int


@dataclass(frozen=True)
class Finished:
    """The work on `tasks[index]` is done: what it returned, and how long it took."""

    index: int
    result: Any
    seconds: float


@dataclass(frozen=True)
class Died:
    """In place of a result: the process ended in the middle of the work, with this exit code."""

    code: int | None


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(work: Work, tasks: Sequence[Any], jobs: int) -> Generator[Started | Finished]:
    """`work(task)` for each task, in at most `jobs` processes; in this one where one is enough.

    In other processes `work` is found by its name, and tasks and results are pickled; an exception
    of `work` ends its process, which prints it, and the result is `Died`.  Close the iterator to
    end the processes early.

    >>> [event.result for event in run(abs, [-1, 2], jobs=1) if isinstance(event, Finished)]
    [1, 2]
    """
    if min(jobs, len(tasks)) > 1:
        yield from _in_processes(work, tasks, min(jobs, len(tasks)))
        return
    for index, task in enumerate(tasks):
        yield Started(index)
        start = time.perf_counter()
        yield Finished(index, work(task), time.perf_counter() - start)


def _in_processes(work: Work, tasks: Sequence[Any], jobs: int) -> Generator[Started | Finished]:
    waiting = list(enumerate(tasks))[::-1]
    workers = [Worker(work) for _ in range(jobs)]
    try:
        for worker in workers:
            yield worker.begin(*waiting.pop())
        while busy := {worker.connection: worker for worker in workers if worker.busy}:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                finished = worker.finish()
                yield finished
                if isinstance(finished.result, Died):
                    workers[workers.index(worker)] = worker = Worker(work)
                if waiting:
                    yield worker.begin(*waiting.pop())
    finally:
        for worker in workers:
            worker.end()


class Worker:
    """A process, our end of the line to it, and what it works on."""

    def __init__(self, work: Work) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(work, theirs), daemon=True)
        with _interrupts_held(), _on_one_core():
            self.process.start()
        theirs.close()
        self.index, self.start, self.busy = 0, 0.0, False

    def begin(self, index: int, task: Any) -> Started:
        """Hand over a task; only where the one before is finished."""
        self.index, self.start, self.busy = index, time.perf_counter(), True
        # Where it is dead already, the end of the line is what `finish` meets.
        with suppress(ConnectionError):
            self.connection.send(task)
        return Started(index)

    def is_done(self, patience: float) -> bool:
        """Whether `finish` would return at once, after at most `patience` seconds."""
        return self.connection.poll(patience)

    def finish(self) -> Finished:
        """Wait for the result of the task."""
        self.busy = False
        try:
            result = self.connection.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            result = Died(self.process.exitcode)
        return Finished(self.index, result, time.perf_counter() - self.start)

    def end(self) -> None:
        """End the process, in the middle of its work if it is at any."""
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _serve(work: Work, connection: Connection) -> None:
    """The whole life of a process: work on what comes, until nobody is there."""
    # An interrupt reaches every process of a terminal; ours are ended by the one that asked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, ConnectionError):
        return


# How many threads a library for linear algebra starts.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def _on_one_core() -> Iterator[None]:
    """A process started here computes in one thread, unless the environment says otherwise.

    There are as many processes as cores; threads of several would wait for each other.
    """
    unsaid = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unsaid, "1"))
    try:
        yield
    finally:
        for name in unsaid:
            del os.environ[name]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """What is spawned here is not interrupted before it can say that it does not want to be."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The first process starts a tracker of resources, which lets interrupts pass again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
