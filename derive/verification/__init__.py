"""Generated code and derived formulas against the forward equations."""
