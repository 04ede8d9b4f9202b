"""Mutants: generated code with one mistake in it, each judged by the verification of a build."""
