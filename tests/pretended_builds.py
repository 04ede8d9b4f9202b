"""A stand-in for the work of the playground, in a module that imports nothing slow."""

import os
import signal
import time
from pathlib import Path

from derive.errors import DeriveError
from derive.serving.drafts import Made
from derive.verification.report import Report


def pretended(draft):
    """Does what the text says, and leaves a line for each time in the file that is its name."""
    with Path(draft.name).open("a") as file:
        file.write(f"{os.getpid()} {draft.text}\n")
    match draft.text.split():
        case ["refuse"]:
            return DeriveError("refused", "say something else")
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case ["spin"]:
            while True:
                pass
        case ["exit", code]:
            os._exit(int(code))
        case ["raise"]:
            raise RuntimeError("a defect of ours")
        case ["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
    return Made(draft, {"file": draft.text.encode()}, Report(draft.name, ()), ())
