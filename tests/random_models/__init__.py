"""Random models of the language, drawn and shrunk by Hypothesis, each held against the oracle.

What is drawn is a text, line by line and with all shapes known, so that nearly every draw is a
model, and a failure shrinks to a few lines that a person can read.
"""
