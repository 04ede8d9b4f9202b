"""Parts of a derivation for another text: a formula, a step, a section or a listing."""

from derive.excerpts.choice import Excerpt, choose
from derive.excerpts.written import FORMS, excerpt, written

__all__ = ["FORMS", "Excerpt", "choose", "excerpt", "written"]
