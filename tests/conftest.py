"""What is collected: a module that stands on PyTorch only where PyTorch is installed."""

from importlib.util import find_spec

ON_TORCH = ["random_models/in_torch.py", "random_models/torch_words.py"]
collect_ignore = [] if find_spec("torch") else ON_TORCH
