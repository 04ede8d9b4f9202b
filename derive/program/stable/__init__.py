"""Named rewrites of what is computed, where floats would overflow or cancel."""
