"""Handwritten digits: the classifier of the gallery learns to read images of 8 by 8 points."""

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np

try:
    from sklearn.datasets import load_digits
except ImportError:
    raise SystemExit("the images come with scikit-learn: pip install scikit-learn") from None

GENERATED = Path(__file__).parent.parent / "generated"
mlp = SimpleNamespace(**run_path(str(GENERATED / "mlp_classifier" / "update.py")))


def main(epochs=12, batch_size=50):
    """Train on three quarters of the images; return how many of the others are read rightly."""
    images, digits = load_digits(return_X_y=True)
    images = images / 16
    rng = np.random.default_rng(0)
    order = rng.permutation(len(images))
    held_back, learnt = np.split(order, [len(order) // 4])

    params = mlp.init(D=64, H=64, K=10)
    state = mlp.init_state(params)
    for epoch in range(1, epochs + 1):
        rng.shuffle(learnt)
        batches = np.array_split(learnt, len(learnt) // batch_size)
        costs = mlp.train(
            params,
            [(images[batch], digits[batch]) for batch in batches],
            state,
            alpha=0.003,
            report=None,
        )
        values = mlp.forward(params, images[held_back])
        right = np.mean(values["P"].argmax(axis=1) == digits[held_back])
        print(f"epoch {epoch:>2}   cost {np.mean(costs):.3f}   read rightly {right:.1%}")

    print("one image that was held back, and what it was taken for:")
    for row in images[held_back[0]].reshape(8, 8):
        print("   ", "".join(" .:*#"[int(4 * point)] * 2 for point in row))
    print("   ", values["P"][0].argmax())
    return right


if __name__ == "__main__":
    main()
