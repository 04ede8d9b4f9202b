"""What a document prints, read back by structure and evaluated: the formulas themselves."""
