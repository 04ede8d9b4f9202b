"""The derivation document: what it says and in which order, in no format and no language."""
