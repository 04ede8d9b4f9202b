"""The chain rule over equations: gradients as whole index equations, and true as numbers."""

from forms import (
    add,
    at,
    compare,
    index,
    n,
    neuron,
    over,
    square,
    subtract,
    term,
    times,
    total,
)

from derive.calculus.adjoint import derive_gradients
from derive.language import read_model
from derive.model import quantity_named
from derive.terms import ONE, ZERO, Choice, Compare, Derivative, Quantity, Size, number, same
from derive.verification.check_steps import check_equations

m = Size("m")


class Derived:
    """A model read from its text, with the gradient of its cost in `f`."""

    def __init__(self, text, *wrt):
        self.model = read_model(text + "\nminimize(f, sgd())\n", name="m")
        asked = tuple(self[name] for name in wrt) if wrt else None
        self.derivation = derive_gradients(self.model, asked)
        self.gradients = {g.wrt.name: g for g in self.derivation.gradients}

    def __getitem__(self, name):
        return quantity_named(self.model, name)

    def slope(self, name):
        """The quantity ∂f/∂name."""
        return Quantity(Derivative("f", name), self[name].shape, "gradient")

    def is_gradient(self, name, expected):
        """Whether ∂f/∂name[i, ...] = expected(i, ...), in form and, exactly, in value."""
        equation = self.gradients[name].equation
        assert equation.left == self.slope(name)
        return self.is_true(name) and same(equation.right, term(expected(*equation.indices)))

    def is_true(self, name):
        """Whether the gradient equals that of the oracle, in exact arithmetic, at every place."""
        (check,) = check_equations(self.model, [self.gradients[name].equation])
        assert check.how == "exact"
        return check.places > 0


# --- products -----------------------------------------------------------------------------------


def test_the_gradient_of_a_matrix_product_in_both_operands():
    # Z = A B: ∂f/∂A = ∂f/∂Z Bᵀ and ∂f/∂B = Aᵀ ∂f/∂Z
    d = Derived("n: dim; m: dim; A: param[n, m]; B: param[m, n]; Z = A @ B; f = sum(Z ** 3)")
    A, B, dZ = d["A"], d["B"], d.slope("Z")
    k = index(n, "k")
    assert d.is_gradient("Z", lambda i, j: times(3, square(at(d["Z"], i, j))))
    assert d.is_gradient("A", lambda i, j: total(k, times(at(dZ, i, k), at(B, j, k))))
    assert d.is_gradient("B", lambda i, j: total(k, times(at(dZ, k, j), at(A, k, i))))


def test_the_neuron_by_hand():
    # ∂C/∂ŷ = 2(ŷ − y), ∂C/∂w[i] = ∂C/∂ŷ x[i], ∂C/∂b = ∂C/∂ŷ
    model = neuron()
    derivation = derive_gradients(model)
    by_name = {g.wrt.name: g.equation for g in derivation.gradients}
    y_hat, x, y = (quantity_named(model, name) for name in ("y_hat", "x", "y"))
    slope = by_name["y_hat"].left
    assert slope == Quantity(Derivative("C", "y_hat"), (ONE, ONE), "gradient")
    i, j = by_name["y_hat"].indices
    assert same(by_name["y_hat"].right, times(2, subtract(at(y_hat, i, j), y)))
    one, other = index(1), index(1)
    i, j = by_name["w"].indices
    assert same(by_name["w"].right, total(one, times(at(slope, one, j), at(x, one, i))))
    assert by_name["b"].indices == ()
    assert same(by_name["b"].right, total((one, other), at(slope, one, other)))
    checks = check_equations(model, list(by_name.values()))
    n = dict(checks[0].sizes)["n"]
    assert [(check.how, check.places) for check in checks] == [("exact", k) for k in (1, n, 1)]


# --- broadcasting -------------------------------------------------------------------------------


def test_a_bias_over_a_batch_gathers_the_batch():
    # Z[i, j] = Σ_k X[i, k] W[k, j] + b[j]: ∂f/∂b[j] = Σ_i ∂f/∂Z[i, j]
    d = Derived(
        "n: dim; m: dim; X: input[n, m]; W: param[m, 2]; b: param[2]\n"
        "Z = X @ W + b; f = sum(Z ** 2)"
    )
    k = index(n, "k")
    dZ = d.slope("Z")
    assert d.is_gradient("b", lambda j: total(k, at(dZ, k, j)))
    assert d.is_gradient("W", lambda i, j: total(k, times(at(dZ, k, j), at(d["X"], k, i))))


def test_a_column_that_is_stretched_gathers_the_row():
    # Z[i, j] = X[i, j] a[i, 0]: ∂f/∂a[i, 0] = Σ_j ∂f/∂Z[i, j] X[i, j]
    d = Derived("n: dim; m: dim; X: input[n, m]; a: param[n, 1]; Z = X * a; f = sum(Z ** 2)")
    k = index(m, "k")
    dZ, X = d.slope("Z"), d["X"]
    assert d.is_gradient("a", lambda i, j: total(k, times(at(dZ, i, k), at(X, i, k))))


def test_a_mean_hands_back_its_share():
    # f = mean z²: ∂f/∂z[i] = (2/n) z[i]
    d = Derived("n: dim; z: param[n]; f = mean(z ** 2)")
    assert d.is_gradient("z", lambda i: times(over(2, n), at(d["z"], i)))


# --- several readings ---------------------------------------------------------------------------


def test_a_weight_that_two_layers_share_gathers_both():
    # h = W x, g = W h: ∂f/∂W[i, j] = ∂f/∂h[i] x[j] + ∂f/∂g[i] h[j]
    d = Derived("n: dim; W: param[n, n]; x: input[n]; h = W @ x; g = W @ h; f = sum(g ** 2)")
    dh, dg, k = d.slope("h"), d.slope("g"), index(n, "k")
    assert d.is_gradient(
        "W",
        lambda i, j: add(times(at(dh, i), at(d["x"], j)), times(at(dg, i), at(d["h"], j))),
    )
    assert d.is_gradient("h", lambda i: total(k, times(at(dg, k), at(d["W"], k, i))))


def test_two_paths_to_the_cost_add_up():
    # u reaches f through v = u² and by itself: ∂f/∂u = ∂f/∂v 2u + v
    d = Derived("n: dim; x: input[n]; w: param[n]; u = sum(w * x); v = u ** 2; f = v * u")
    u, v = d["u"], d["v"]
    assert d.is_gradient("v", lambda: at(u))
    assert d.is_gradient("u", lambda: add(times(2, at(d.slope("v")), at(u)), at(v)))
    assert [path.equation.left.name for path in d.gradients["u"].paths] == ["v", "f"]
    assert d.is_gradient("w", lambda i: times(at(d.slope("u")), at(d["x"], i)))


def test_an_entry_that_is_read_twice_in_one_term():
    # f = Σ_ij w[i] A[i, j] w[j]: ∂f/∂w[i] = Σ_j A[i, j] w[j] + Σ_j w[j] A[j, i], in one sum
    d = Derived("n: dim; A: input[n, n]; w: param[n]; f = sum(w[i] * A[i, j] * w[j], i, j)")
    A, w, k = d["A"], d["w"], index(n)
    assert d.is_gradient("w", lambda i: total(k, times(at(w, k), add(at(A, i, k), at(A, k, i)))))


# --- conditions ---------------------------------------------------------------------------------


def on_the_diagonal(equation, value):
    """Whether an equation says value(i) for i = j, either way round, and 0 elsewhere."""
    i, j = equation.indices
    ways = [
        Choice(compare("==", *sides), term(value(place)), ZERO)
        for sides in ((i, j), (j, i))
        for place in (i, j)
    ]
    return any(same(equation.right, way) for way in ways)


def test_the_gradient_of_a_trace_is_the_identity():
    # f = tr W: ∂f/∂W[i, j] = 1 for i = j, else 0
    d = Derived("n: dim; W: param[n, n]; f = sum(W[i, i], i)")
    assert on_the_diagonal(d.gradients["W"].equation, lambda i: 1)
    assert d.is_true("W")


def test_what_only_the_diagonal_reads_stays_on_the_diagonal():
    d = Derived("n: dim; W: param[n, n]; u[i] = W[i, i] ** 2; f = sum(u[i] ** 2, i)")
    du, W = d.slope("u"), d["W"]
    assert on_the_diagonal(d.gradients["W"].equation, lambda i: times(2, at(du, i), at(W, i, i)))
    assert d.is_true("W")


def test_a_gather_scatters_its_gradient_and_repeats_add_up():
    # e[i] = E[t[i]]²: ∂f/∂E[v] = Σ_{i | t[i] = v} 2 ∂f/∂e[i] E[t[i]]
    d = Derived(
        "V: dim; T: dim; t: index(V)[T]; E: param[V]; a: input[T]\n"
        "e[i] = E[t[i]] ** 2; f = sum(a[i] * e[i], i)"
    )
    de, E, t, k = d.slope("e"), d["E"], d["t"], index(Size("T"))
    read = at(t, k)
    assert d.is_gradient(
        "E",
        lambda v: total(k, times(2, at(de, k), at(E, read)), Compare("==", read, term(v))),
    )


def test_a_filter_stays_beside_its_sum():
    # f = Σ_{i, j | j ≤ i} w[i] v[j]: ∂f/∂w[i] = Σ_{j | j ≤ i} v[j], ∂f/∂v[j] = Σ_{i | j ≤ i} w[i]
    d = Derived("n: dim; w: param[n]; v: param[n]; f = sum(w[i] * v[j], i, j, where=j <= i)")
    k = index(n)
    assert d.is_gradient("w", lambda i: total(k, at(d["v"], k), compare("<=", k, i)))
    assert d.is_gradient("v", lambda j: total(k, at(d["w"], k), compare("<=", j, k)))


FILTERED = [
    "sum(w[i] * w[j], i, j, where=j <= i)",
    "sum(sum(w[i] * a[k], i, where=i <= k) ** 2, k)",
    "mean(w[i] * a[k], i, k, where=i <= k)",
    "prod(w[i] + a[k], i, k, where=i != k)",
    "sum(w[i] ** 2, i, where=a[i] > 0)",
]


def test_filters_of_every_kind_are_true_as_numbers():
    for filtered in FILTERED:
        d = Derived(f"n: dim; a: input[n]; w: param[n]; f = {filtered}")
        assert d.is_true("w"), filtered


# --- with respect to what -----------------------------------------------------------------------


def test_inputs_and_intermediate_quantities_have_gradients_too():
    d = Derived("n: dim; x: input[n]; w: param[n]; u = sum(w * x); f = u ** 2", "x", "u")
    assert list(d.gradients) == ["u", "x"]
    assert d.is_gradient("u", lambda: times(2, d["u"]))
    assert d.is_gradient("x", lambda i: times(at(d.slope("u")), at(d["w"], i)))


def test_upstream_gradients_come_first():
    d = Derived("w: param; u = w ** 2; v = u ** 2; f = v ** 2")
    assert list(d.gradients) == ["v", "u", "w"]
    known = {at(d["w"]).quantity, d["u"], d["v"], d["f"]}
    for gradient in d.gradients.values():
        for path in gradient.paths:
            assert path.upstream is None or path.upstream.quantity in known
        known.add(gradient.equation.left)


def test_what_does_not_lead_to_the_cost_is_passed_by():
    d = Derived("w: param; unused = w ** 5; f = w ** 2")
    assert list(d.gradients) == ["w"]
    assert d.is_gradient("w", lambda: times(2, d["w"]))


def test_a_parameter_that_does_not_reach_the_cost_has_the_gradient_zero():
    d = Derived("n: dim; w: param; q: param[n]; s = sum(q); f = w ** 2")
    assert d.derivation.unreachable == (d["q"],)
    assert d.is_gradient("q", lambda i: 0)
    assert d.gradients["q"].paths == ()


def test_the_work_does_not_grow_with_the_sizes():
    text = "n: dim = {}; x: input[n]; w: param[n]; u = sum(w * x); f = u ** 2"
    small, large = (Derived(text.format(size)).gradients["w"] for size in (2, 10**9))
    pairs = dict(zip(small.equation.indices, large.equation.indices, strict=True))
    assert same(small.equation.right, large.equation.right, pairs)
    assert [len(one.paths) for one in (small, large)] == [1, 1]


def test_letters_are_never_captured():
    # the author's i and j are free here and bound there
    d = Derived(
        "n: dim; A: param[n, n]; B: input[n, n]\n"
        "Z[i, j] = sum(A[j, i] * B[i, k], k) + sum(A[k, j] * B[j, i], k); f = sum(Z ** 2)"
    )
    dZ, B = d.slope("Z"), d["B"]
    p, q = index(n), index(n)
    assert d.is_gradient(
        "A",
        lambda i, j: add(
            times(at(dZ, j, i), total(q, at(B, j, q))), total(p, times(at(dZ, p, j), at(B, j, p)))
        ),
    )


def test_a_subscript_that_is_a_number_is_a_condition():
    # f = w[0] Σ_i w[i]: ∂f/∂w[i] gains Σ w where i = 0
    d = Derived("n: dim; w: param[n]; f = w[0] * sum(w[i] ** 2, i)")
    assert d.is_true("w")
    first, rest = d.gradients["w"].paths
    (index_,) = d.gradients["w"].equation.indices
    sides = [{condition.left, condition.right} for condition in first.where]
    assert sides == [{number(0), term(index_)}]
    assert rest.where == ()


def test_what_reaches_the_cost_by_an_earlier_equation_of_a_recurrence_is_not_lost():
    # a[t] = 2 h[t-1], h[t] = w a[t] + z: the cost reads a alone, and h feeds a one step later
    d = Derived(
        "T: dim; w: param; v: param; t: range(T); z = v * v\n"
        "h[-1] = w; a[t] = 2 * h[t-1]; h[t] = a[t] * w + z; f = sum(a)"
    )
    assert d.derivation.unreachable == ()
    assert all(d.is_true(name) for name in ("h", "a", "w", "v", "z"))
