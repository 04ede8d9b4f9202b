"""Pictures: a graph or a curve becomes one drawing of our own, which two small printers print.

`graph` is what is drawn; `layers`, `places` and `arrows` lay it out as a `drawing`; `curve` draws a
run; `svg` and `tikz` print, so that page and paper show the same picture.
"""
