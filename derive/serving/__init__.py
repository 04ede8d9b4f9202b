"""`derive serve`: a page in which a model is typed, and derived while it is typed."""
