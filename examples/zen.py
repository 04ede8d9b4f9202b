"""The Zen of Python, letter by letter: the LSTM of the gallery learns it, and goes on by itself."""

import codecs
import contextlib
import io
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    import this

GENERATED = Path(__file__).parent.parent / "generated"
lstm = SimpleNamespace(**run_path(str(GENERATED / "lstm" / "update.py")))
TEXT = codecs.decode(this.s, "rot13").lower()
LETTERS = sorted(set(TEXT))
WINDOW = 16


def continued(params, text, length):
    """The text, and the letters that the network finds most probable after it."""
    for _ in range(length):
        # The last column is what would be compared with: any letter will do.
        tokens = [[LETTERS.index(letter) for letter in text[-WINDOW:] + " "]]
        values = lstm.forward(params, np.array(tokens))
        text += LETTERS[int(values["P"][-1, 0].argmax())]
    return text


def main(epochs=25, batch_size=32):
    """Learn the text; return the cost per letter, in bits, and what the network writes."""
    tokens = np.array([LETTERS.index(letter) for letter in TEXT])
    windows = np.lib.stride_tricks.sliding_window_view(tokens, WINDOW + 1)[::3]
    rng = np.random.default_rng(0)
    params = lstm.init(V=len(LETTERS), H=48)
    state = lstm.init_state(params)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(windows))
        batches = [(windows[part],) for part in np.array_split(order, len(order) // batch_size)]
        costs = lstm.train(params, batches, state, alpha=0.02, report=None)
        bits = float(np.mean(costs) / np.log(2))
        if epoch % 5 == 0 or epoch == 1:
            written = continued(params, "beautiful", 60).replace("\n", " / ")
            print(f"epoch {epoch:>2}   {bits:.2f} bits a letter   {written}")
    return bits, continued(params, "beautiful is", 200)


if __name__ == "__main__":
    print(main()[1])
