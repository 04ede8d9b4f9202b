"""Typesetting: terms become one layout tree, and three small printers print it.

`layout` holds the tree, `terms` decides brackets and operators, `equations` builds what stands
around terms, and `latex`, `mathml` and `unicode` print, so that the three agree in structure.
"""
