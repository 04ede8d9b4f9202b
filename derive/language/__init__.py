"""The model language: from a text to a `Specification`, or to an error that says how to mend it."""

from __future__ import annotations

from derive.language.reader import read_model, read_requests
from derive.language.rules import read_rule, rule_named, rule_names

__all__ = ["read_model", "read_requests", "read_rule", "rule_named", "rule_names"]
