"""From index equations to an array program: what is computed, in which order, by what."""
