"""What a worker of the playground does: one text in, all files of its output out.

A text is read and never executed.  What runs is the module that was generated from it, when it is
verified, in a process of its own whose memory is bounded and which is ended when its time is over.
"""

from __future__ import annotations

from derive.errors import DeriveError
from derive.output import CERTIFICATE, completed
from derive.pipeline import build_model, unless_failed
from derive.project import LANGUAGES, SUFFIX, check_name
from derive.serving.drafts import Draft, Made, Outcome

try:
    import resource
except ImportError:  # where the system has no such bounds, the time is the only one
    resource = None  # type: ignore[assignment]

# Address space, of which the numerical libraries reserve more than they use.
MOST_MEMORY = 4 << 30


def build(draft: Draft) -> Outcome:
    """All files, in all languages, or what is wrong with the draft.

    >>> build(Draft("m", "w: param; C = (v - 3) ** 2; minimize(C)")).cause
    "'v' is not defined"
    """
    try:
        name = check_name(draft.name)
        built = unless_failed(build_model(draft.text, name, LANGUAGES, name + SUFFIX))
    except DeriveError as error:
        return error
    except MemoryError:
        return DeriveError(
            f"the build needs more than {MOST_MEMORY >> 30} GiB of memory",
            "write the model with fewer equations or smaller sizes",
        )
    files = {name: text.encode("utf-8") for name, text in built.files}
    files[CERTIFICATE] = completed(files, built.certificate, LANGUAGES)
    return Made(draft, files, built.report, built.cautions)


def build_within_bounds(draft: Draft) -> Outcome:
    """The same in a process whose memory is bounded from then on."""
    if resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        bound = MOST_MEMORY if most == resource.RLIM_INFINITY else min(MOST_MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (bound, most))
    return build(draft)
