"""Exact numbers as decimals, where the author wrote decimals."""

from __future__ import annotations

from fractions import Fraction

from derive.terms import Number

# Longer decimals are printed as fractions.
PLACES = 20
# A digit behind more zeros is printed with a power of ten.
ZEROS = 4


def decimal(value: Fraction) -> Number:
    """A number that is printed as a decimal where it has an end, else as a fraction.

    >>> decimal(Fraction(97, 100)).text, decimal(Fraction(1, 3)).text
    ('0.97', None)
    >>> decimal(Fraction(1, 10**8)).text
    '1e-8'
    """
    denominator, places = value.denominator, 0
    while denominator != 1 and places < PLACES:
        places += 1
        denominator = (value * 10**places).denominator
    if denominator != 1 or places == 0:
        return Number(value)
    significant = str(abs((value * 10**places).numerator))
    if places > ZEROS and len(significant) == 1:
        return Number(value, f"{significant}e-{places}")
    digits = significant.rjust(places + 1, "0")
    return Number(value, f"{digits[:-places]}.{digits[-places:]}")


def like(value: Fraction, *written: Number) -> Number:
    """The number of a value that came from numbers as they were `written`: decimal if one was.

    >>> tenth = Number(Fraction(1, 10), "0.1")
    >>> like(Fraction(1, 5), tenth, Number(Fraction(2))).text
    '0.2'
    """
    for number in written:
        if number.value == value:
            return number
    if any(number.text is not None for number in written):
        return decimal(value)
    return Number(value)


def rounded(value: float, digits: int) -> Number:
    """A measured number to so many digits, with a power of ten where it is far from one.

    >>> rounded(0.0998454599, 4).text, rounded(2, 3).text, rounded(4.6157e-05, 3).text
    ('0.09985', '2', '4.62e-5')
    """
    if value == 0:
        return Number(Fraction(0))
    text = f"{value:.{digits - 1}e}"
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if not -ZEROS < power < max(digits, ZEROS):
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return Number(Fraction(text), f"{mantissa}e{power}")
    plain = f"{float(text):.{max(digits - 1 - power, 0)}f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return Number(Fraction(text), plain)
