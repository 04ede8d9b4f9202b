"""From an array program to the source of a NumPy module."""
