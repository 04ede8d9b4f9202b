"""Builds, by their text: a few processes that stay warm, a bounded queue, and the last results.

Each build is run once, however many ask for it.  It is ended when its time is over, or when nobody
waits for it any more; a process that was ended or has died is replaced.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue

from derive.errors import DeriveError
from derive.jobs import Died, Worker
from derive.serving.drafts import Draft, Made, Outcome

# How often it is looked whether anybody still waits, in seconds.
LOOK = 0.05


@dataclass(frozen=True)
class Limits:
    """How many builds run at once, wait and are held, and how long one may take, in seconds."""

    processes: int = 2
    waiting: int = 6
    held: int = 64
    seconds: float = 30.0


class TooMany(DeriveError):
    """All processes are busy, and as many builds wait as may."""


@dataclass
class _Pending:
    """A build that was asked for and is not done, and how many wait for it."""

    draft: Draft
    outcome: Future[Outcome] = field(default_factory=Future)
    waiting: int = 0


class Builds:
    """`work(draft)` in other processes, each of which warms itself with `first`, a small draft."""

    def __init__(
        self,
        work: Callable[[Draft], Outcome],
        first: Draft,
        limits: Limits = Limits(),
    ) -> None:
        self._work, self._first, self._limits = work, first, limits
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Made] = OrderedDict()
        self._pending: dict[str, _Pending] = {}
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._workers: set[Worker] = set()
        self._closed = False
        for _ in range(limits.processes):
            self._idle.put(self._started())
        self._threads = ThreadPoolExecutor(limits.processes, "build")

    def build(self, draft: Draft, gone: Callable[[], bool] = lambda: False) -> Outcome:
        """What becomes of the draft; `TooMany` where too many builds wait already.

        `gone` says whether the one who asks has gone; the build is ended if nobody else waits.
        """
        with self._lock:
            made = self._held.get(draft.key)
            if made is not None:
                self._held.move_to_end(draft.key)
                return made
            pending = self._pending.get(draft.key)
            if pending is None:
                if len(self._pending) >= self._limits.processes + self._limits.waiting:
                    return TooMany("too many builds are under way", "try again in a moment")
                pending = self._pending[draft.key] = _Pending(draft)
            pending.waiting += 1
            if pending.waiting == 1:
                self._threads.submit(self._run, pending)
        try:
            while True:
                try:
                    return pending.outcome.result(timeout=LOOK)
                except TimeoutError:
                    if gone():
                        return _abandoned()
        finally:
            with self._lock:
                pending.waiting -= 1
                if not pending.waiting:
                    self._forget(pending)

    def held(self, key: str) -> Made | None:
        """The result of a build that is still held, by the key of its draft."""
        with self._lock:
            return self._held.get(key)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
            workers = tuple(self._workers)
        for worker in workers:
            worker.end()
        self._threads.shutdown(cancel_futures=True)

    def _run(self, pending: _Pending) -> None:
        worker = self._idle.get()
        # What is said if the line to the process breaks, as it does where all is being ended.
        outcome, spent = _died(Died(None)), True
        try:
            outcome, spent = self._attempt(worker, pending)
        finally:
            with self._lock:
                if isinstance(outcome, Made):
                    self._hold(outcome)
                self._forget(pending)
            pending.outcome.set_result(outcome)
            self._idle.put(self._replaced(worker) if spent else worker)

    def _attempt(self, worker: Worker, pending: _Pending) -> tuple[Outcome, bool]:
        """The outcome, and whether the process is to be replaced."""
        if worker.busy:
            # Until it is warm, its time does not run.
            outcome = worker.finish().result
            if isinstance(outcome, Died):
                return _died(outcome), True
            if pending.draft == self._first:
                return outcome, False
        if not pending.waiting:
            return _abandoned(), False
        end = time.monotonic() + self._limits.seconds
        worker.begin(0, pending.draft)
        while not worker.is_done(LOOK):
            if not pending.waiting:
                return _abandoned(), True
            if time.monotonic() > end:
                return _too_long(self._limits.seconds), True
        outcome = worker.finish().result
        return (_died(outcome), True) if isinstance(outcome, Died) else (outcome, False)

    def _started(self) -> Worker:
        worker = Worker(self._work)
        worker.begin(0, self._first)
        self._workers.add(worker)
        return worker

    def _replaced(self, worker: Worker) -> Worker:
        worker.end()
        with self._lock:
            self._workers.discard(worker)
            return worker if self._closed else self._started()

    def _forget(self, pending: _Pending) -> None:
        if self._pending.get(pending.draft.key) is pending:
            del self._pending[pending.draft.key]

    def _hold(self, made: Made) -> None:
        self._held[made.draft.key] = made
        while len(self._held) > self._limits.held:
            self._held.popitem(last=False)


def _too_long(seconds: float) -> DeriveError:
    return DeriveError(
        f"the build took longer than {seconds:g} s and was ended",
        "write the model with fewer equations or smaller sizes, or allow more with --seconds",
    )


def _died(death: Died) -> Outcome:
    return DeriveError(
        f"the process that built it ended with the code {death.code}",
        "report this with the lines in the terminal of `derive serve`",
    )


def _abandoned() -> DeriveError:
    return DeriveError("nobody waits for this build", "ask again")
