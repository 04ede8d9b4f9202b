"""Values of terms in numbers of any kind: floats, fractions, fifty digits, dual numbers."""
