"""The words of the language in PyTorch: functions, reductions, operators, relations."""

import ast
import math

import torch
from torch.nn import functional

FUNCTIONS = {
    **{name: getattr(torch, name) for name in "exp expm1 log log1p log2 log10 sqrt".split()},
    **{name: getattr(torch, name) for name in "sin cos tan arcsin arccos arctan".split()},
    **{name: getattr(torch, name) for name in "sinh cosh tanh arcsinh arccosh arctanh".split()},
    **{name: getattr(torch, name) for name in "erf erfc lgamma digamma abs sign relu".split()},
    **{name: getattr(torch, name) for name in "sigmoid square maximum minimum".split()},
    **{name: getattr(torch, name) for name in "logaddexp arctan2 clip".split()},
    **{name: getattr(functional, name) for name in "softplus selu silu gelu mish".split()},
    **{name: getattr(functional, name) for name in "softsign relu6 leaky_relu elu".split()},
    "hardtanh": functional.hardtanh,
    "log_sigmoid": functional.logsigmoid,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "pow": lambda x, k: x**k,
    "inv": torch.linalg.inv,
    "solve": torch.linalg.solve,
    "det": torch.linalg.det,
    "logdet": lambda a: torch.linalg.slogdet(a).logabsdet,
    "trace": lambda a: a.diagonal().sum(),
    "cholesky": lambda a: torch.linalg.cholesky((a + a.T) / 2),
    "stop_gradient": lambda x: x.detach(),
}
ALONG = {
    "sum": lambda x: x.sum(-1),
    "mean": lambda x: x.mean(-1),
    "prod": lambda x: x.prod(-1),
    "max": lambda x: x.max(-1).values,
    "min": lambda x: x.min(-1).values,
    "logsumexp": lambda x: x.logsumexp(-1),
}
OVER_NOTHING = {"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf, "logsumexp": -math.inf}
NORMALISED = {"softmax": torch.softmax, "log_softmax": torch.log_softmax}
OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
    ast.MatMult: lambda a, b: a @ b,
}
RELATIONS = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
