"""Models in which a stage behind the program was wrong, made small: each is right now."""

# What showed only when a model went through every stage, documents and public functions too.
COMPLETE = {
    "a bracket that is zero leaves no question whether another has a value": """
n: dim
a: param; w: param[n]; v: param[n]
z[i] = where(v[i] > 0, tanh(a), pad(w[i - 1]) + w[i])
C = sum(z ** 2)
""",
    "a quantity that is a number of Python": """
w: param
z = tanh(2)
C = z ** 2 + w ** 2
""",
    "a matrix that no data are in has the type of the parameters": """
m: dim
w: param[m]; c: const = 0.75
A = (c ** 2 + 1) * eye(m)
z = solve(A, w)
C = sum(z ** 2) + sum(inv(A))
""",
    "a recurrence that no data are in has the type of the parameters": """
n: dim; d: dim
w: param
j: range(n); l: range(d); i: range(n)
h[-1, j] = j
h[i, j] = 0.5 * h[i - 1, j] + sin(sum(l, l))
C = sum(h ** 2) * w ** 2
""",
    "numbers that data choose have the type of the parameters": """
n: dim; d: dim
w: param[n]
l: range(d); j: range(n)
z[j] = where(w[j] > 0, 2, 0.5)
C = sum(z[j] * sqrt(j + 1), j) * sum(w ** 2) * sum(sqrt(l + 1), l)
""",
    "a function of places and of data": """
w: param[2]
z[i] = tanh(arctan2(i + 1, w[i] ** 2 + 1))
C = sum(z ** 2)
""",
    "a gradient that is finite, and a step from it that is not": """
m: dim; n: dim
x: input[n, m]
w: param
C = sum(tanh(x) ** 2) + w ** 2
minimize(C, nesterov)
""",
    "the second derivative of an angle of which one part is a number": """
w: param
C = arctan2(2, w ** 2 + 1)
provide(hessian)
""",
    "two steps back, and two starts behind the last step": """
m: dim
a: param; b: param
i: range(m)
h[m] = a
h[m + 1] = b
h[i] = 0.5 * h[i + 1] - 0.25 * h[i + 2] + sin(a)
C = sum(h ** 2)
""",
    "data below one name the only place": """
n: dim
w: param[1, n]; y: index(1)[2]; t: index(n)[n]
i: range(1); k: range(2)
z[i, j, k] = softmax(w[i, j], i)
C = mean(z[i, j, k] * w[y[k], t[j]], i, j, k)
""",
    "a sum over one place of an array of one place": """
n: dim
w: param[n, n]; c: const = 0.75
j: range(1)
z[j] = w[n - 1, n - 1] + c
C = sum(z[j] * c, j) + sum(w ** 2)
""",
    "a function of a constant beside a matrix, and no step of a choice": """
m: dim; n: dim
x: input[m]; w: param[m]; v: param[m, m]; c: const = 0.75
k: range(n); i: range(m)
A = exp(tanh(c) / 2) * eye(m)
h[n, i] = w[i]
h[n + 1, i] = x[i]
h[k, i] = tanh(0.5 * h[k + 1, i] - 0.25 * h[k + 2, i] + h[k + 1, m - 1 - i])
C = sum(h * (h @ v)) + sum(solve(A, w) ** 2)
""",
    "a mean over the slices of a stack": """
n: dim; m: dim
w: param[3, 2, n]
i: range(m)
z[i] = mean(w, axis=0)
C = sum(z ** 2)
""",
    "numbers that a single number chooses have its type": """
w: param; x: input
z = maximum(where(w > 0, x / w, 2), w)
C = z ** 2
""",
    "a truth of single numbers": """
a: param; b: param[1]; c: const = 0.75
C = maximum(c + c, b[0] + a) + a ** 2
""",
    "the largest over an axis of one place": """
n: dim
a: param; w: param[n]; b: param
i: range(1)
z = max(a + w[n - 1] + b, i)
C = z ** 2
""",
    "a cost that is a parameter as it is": """
w: param
z = w
C = z
""",
    "the letters of a matrix that is printed by its entries": """
m: dim; n: dim
w: param[m, m]; y: index(m)[m, n]; v: param[m]
z = solve(w @ w.T + eye(m), v[y])
C = sum(z ** 2)
""",
}
# Of these the code was right, but not a step of the derivation.
STEPS = {
    "a sum over a part of an axis": """
m: dim
w: param[m + 1]
i: range(m)
C = sum(w[i] * w[i], i)
""",
}
