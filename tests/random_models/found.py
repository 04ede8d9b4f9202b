"""Models in which a defect was found by drawing, made small: each is right now."""

# What random drawing found, made small by Hypothesis: each computed something else, or nothing.
FOUND = {
    "the mean of a product that is contracted counts all its places": """
n: dim
w1: param[n]; w2: param[n, 2]; w3: param[2, n]
i: range(n)
z[i] = w1
C = mean(z * (w2 @ w3))
""",
    "two starts that differ": """
n: dim
x: param[n]; a: param; b: param
h[-1] = a
h[-2] = b
h[i] = tanh(h[i - 1] + 0.25 * h[i - 2] + x[i])
C = sum(h ** 2)
""",
    "a recurrence that does not reach the cost, beside a gradient": """
n: dim
a: param; b: param; c: param
z = a * 2
i: range(n)
h[-1] = b
h[i] = tanh(h[i - 1])
g = grad(z, a)
C = c ** 2
""",
    "a kink of a softmax: a filter is not changed by what it leaves out": """
n: dim
a: param[n, n]; b: param[n, n]
z = maximum(softmax(a, axis=0), b)
C = sum(z ** 2)
""",
    "the diagonal of an array that is longer than it": """
n: dim; m: dim
w: param[n + m - 1, n]
i: range(n); j: range(n)
z[i, j] = w[i, i] ** 2
C = sum(z ** 2)
""",
    "a row behind a mask that has fewer places than the mask": """
n: dim; m: dim
a: param[n + m - 1]; b: param[n + m - 1, n]
i: range(n)
z[i] = a
C = sum(z[i, j] * b[i, i], i, j)
""",
    "two names for a part of one line": """
n: dim
w: param
A = (w ** 2 + 1) * eye(n)
L = cholesky(A)
C = sum(L ** 2)
""",
    "zeros outside, under a sum over something else": """
n: dim
w: param[n]
l: range(n); j: range(n)
z[i, j] = sum(pad(w[i + j]), l) + w[i]
C = sum(z ** 2)
""",
    "a read that is outside everywhere": """
w: param[2]
i: range(2)
z[i] = pad(w[i - 2])
C = sum(z ** 2)
""",
    "functions of numbers in which no data are": """
n: dim
w: param[n]
C = mean(w / (softplus(2) + abs(2) + arcsin(0.1) + maximum(2, 3) + arctan2(1, 2) + sign(2)))
""",
    "a gradient that is zero, of an axis of one": """
n: dim
y: index(1)[n]
a: param[1]; b: param[n]
z = a[y]
C = sum(b ** 2)
""",
    "a square among products": """
n: dim
a: param[n]; b: param[n]
z = a * a * b
C = sum(z ** 2)
""",
    "the mean of an index": """
n: dim
w: param[n]
i: range(n)
C = mean(i, i) + sum(w)
""",
    "a size of which nothing is read but how often": """
n: dim; m: dim
w: param
l: range(n); j: range(n + m - 1); k: range(n); i: range(n)
z[i] = sum(sum(w, l), j, k)
C = sum(z ** 2)
""",
    "forward does not know what index data are below": """
n: dim; m: dim
w: param; y: index(m)[n]; x: input[m]
i: range(n)
z[i] = 2
h[-1] = z[n - 1]
h[i] = 0.5 * h[i - 1] + sin(w)
C = mean(h * x[y])
""",
    "a maximum over nothing meets an array": """
n: dim
a: param[n, n]; b: param
z[i] = softmax(b, i, where=a[i, i] > 0)
C = sum(z ** 2)
""",
    "a filtered sum that is read backwards": """
n: dim; d: dim
w: param[d, n]
j: range(n)
z[j] = sum(w[l, n - 1 - j], l, where=l >= 1)
C = sum(z ** 2)
""",
    "a softmax that is filtered out as a whole": """
n: dim
w: param[n]; x: input
z[p] = softmax(w[p] ** 2, p, where=x > 0)
C = sum(z ** 2)
""",
    "a view of a parameter is not changed where it stands": """
n: dim
w: param[1, n]
j: range(n); k: range(1)
z[i, j, k] = log_softmax(w[1 - 1 - k, i], i)
C = sum(z ** 2)
""",
    "a negative power of what is zero outside": """
n: dim
w: param[n]
k: range(n); i: range(n)
z[i] = sum((pad(w[k - 1]) ** 2 + 1) ** (-1), k)
C = sum(z ** 2)
""",
    "an entry that is not yet computed is read behind a mask": """
n: dim
w: param
i: range(n); j: range(n)
h[j, -1] = w
h[j, i] = 0.5 * h[j, i - 1] + sin(where(i <= j, h[i, i - 1], n))
C = sum(h ** 2)
""",
    "what all summands share is read only where they are": """
n: dim
w: param; U: param[n, 2]
h[n - 1] = w
h[i] = tanh(h[i + 1] + softmax(U[i], axis=0) @ U[i])
C = sum(h ** 2)
""",
    "a single number is put into an exact array": """
n: dim
w: param
i: range(n)
h[0] = w
h[i + 1] = 0.5 * h[i] + sin(h[i])
C = sum(h ** 2)
""",
    "zeros of no other type are floats": """
m: dim
w: param[m]; y: index(m)[m]
z = mean(w[y[i]] + w[i], i)
C = z ** 2
""",
    "what is added to an array of integers": """
n: dim; m: dim
y: index(m)[n]; w: param[m, n]
j: range(n); k: range(n)
z[j, k] = m
C = mean(z * w[y])
""",
    "a state that starts from a number, beside a computed number": """
n: dim
a: param; b: param
k: range(n); p: range(3)
z = sin(a - b)
h[p, -1] = 2
h[p, k] = tanh(0.5 * h[p, k - 1] + where(k >= 1, where(z > 0, h[p, k - 1], z), stop_gradient(0.3)))
C = sum(h ** 2)
""",
    "maxima that are equal but for rounding": """
m: dim
w: param[m, 3]
k: range(m)
C = prod(max(log_softmax(w[k, l], k), l), k)
""",
    "the mean of exact integers": """
n: dim
w: param[n, n]
z = trace(w)
g = grad(z, w)
C = mean(g * g)
""",
    "a gradient that is zero is an array all the same": """
n: dim
w: param[n]
z = stop_gradient(sin(min(w)))
g = grad(z, w)
C = mean(g[i] * z, i) + z ** 2
""",
    "a start that is repeated along an axis": """
n: dim; m: dim; d: dim
x: input[m, d]; y: index(n)[n]
w: param[n]
j: range(n)
h[0, j, k] = x[k, d - 1]
h[i, j, k] = 0.5 * h[i - 1, j, k] + sin(tanh(h[i - 1, y[j], k]) + (x[k, d - 1] + w[i]))
C = sum(h ** 2)
""",
    "the place of a minimum over an axis of one and another": """
d: dim; n: dim
A: param[d, d, 1]; h: param[d, n]
y: index(d)[1]
r: range(d); p: range(2)
z[p, l, j] = min(A[y[q], j, q] - h[y[q], l], q, r)
C = sum(z ** 2)
""",
    "a constant with more digits than a float": """
w: param
z = (w ** 2 + 1) * eye(2)
C = mean(5 * selu(z))
""",
    "a number of places that may be none divides a number": """
n: dim; m: dim
w: param[m]; x: input[n, m]
j: range(m)
z[j] = where(w[j] > 0, softmax(2, j, where=j >= 1), w[j])
C = sum(x @ z)
""",
    "data name a place that is on an axis only in part": """
n: dim; m: dim
w: param[n + m - 1, n + m - 1]; y: index(n + m - 1)[m]
j: range(m)
z[j] = w[y[j], j]
C = sum(z ** 2)
""",
    "exponentials of integers that data choose": """
n: dim
w: param[n, n]
z = softmax(where(w > 0, 2, 3), axis=1)
C = sum(z ** 2 * w)
""",
    "the largest of integers that data choose": """
n: dim
w: param[2, n]
z[i] = logsumexp(where(w[j, i] > 0, j, n), j)
C = sum(z ** 2)
""",
    "a function that NumPy lacks, of integers": """
n: dim
w: param[n]
C = sum(w[i] ** 2 * erf(i / 2) * erf(i), i)
""",
    "a number at some steps, an array at others, in a function": """
n: dim; d: dim
w: param; x: input[n, d]
i: range(n); j: range(2); k: range(d)
h[k, 0, j] = k
h[k, i, j] = 0.5 * h[k, i - 1, j] + sin(pad(x[i + 2, k]) - 1/3)
C = sum(h[k, i, j] * w, k, i, j)
""",
    "a vector is added at places of a matrix of data": """
m: dim; n: dim
w: param[m, n]; y: index(m)[m, n]; v: param[m]
z = solve(w @ w.T + eye(m), v[y])
C = mean(z[i, j] * v[i], i, j)
""",
    "an exponential in place is read by its own slope": """
n: dim; m: dim
w: param[n]; v: param[m]
i: range(n); k: range(m)
h[-1, k] = v[k]
h[i, k] = tanh(0.5 * h[i - 1, k] + exp(tanh(h[i - 1, k]) / 2))
C = sum(h ** 2) + sum(w)
""",
    "an index in the place of another is not the one of a sum inside": """
n: dim; m: dim; d: dim
w: param[m, n, m]
j: range(n); l: range(m); p: range(d)
z[l, p] = log_softmax(tanh(sum(w[q, j, q], q, j, where=l == q)), l)
C = sum(z ** 2)
""",
    "the largest of two axes beside an axis that may be empty": """
n: dim; m: dim; d: dim
w: param[n, m]; v: param[d]
j: range(d); p: range(m); q: range(m)
z[j, k] = where(1 <= j < d, max(w[k, p] * w[k, q], p, q), v[j])
C = sum(z ** 2)
""",
    "a condition that rounding decides is no point to compare at": """
m: dim
w: param[m]
z = log_softmax(w, axis=0)
C = sum(where(arcsin(sin(z) / 2) > 0, 2, w))
""",
    "what has no value has no sign": """
n: dim
w: param[n]; v: param; a: param
h[-1] = v
h[i] = 0.5 * h[i - 1] + sin(abs(where(w[i] > 0, log(w[i]) * a, 2)))
C = sum(h ** 2)
""",
    "data that name a place are not read where nothing is added": """
n: dim; m: dim
w: param[m, n]; y: index(n)[m, m]; t: index(m)[m, m]; x: input[n]
r: range(n + m - 1); s: range(m); u: range(m)
h[r, s, -1] = x[0]
h[r, s, q] = 0.5 * h[r, s, q - 1] + sin(sum(h[u, t[s, u], q - 1] * w[u, y[u, q]], u))
C = sum(h ** 2)
""",
    "a power of places that is negative": """
n: dim
w: param
j: range(n); i: range(n)
h[-1, j] = w
h[-2, j] = (j ** 2 + 1) ** (-1)
h[i, j] = 0.5 * h[i - 1, j] - 0.25 * h[i - 2, j] + sin(w)
C = sum(h ** 2)
""",
    "a piece that is nothing at all sizes": """
n: dim; m: dim
w: param[n + m - 1]; v: param[n + m - 1]
i: range(n + m - 1)
z[i] = w[i] + tanh(where(i >= 1, n, pad(v[i - 1])))
C = sum(z ** 2)
""",
    "the slope of a maximum of single numbers has an opposite": """
n: dim
x: input[n]; w: param[n]
z = sum(x) / (1 + abs(sum(w)))
C = maximum(z, 2)
""",
    "both sides of a product are of the step before": """
n: dim
w: param[n]
i: range(n)
h[-1] = w
h[-2] = w
h[i] = tanh(h[i - 1] + 0.25 * h[i - 2] + (h[i - 1] - mean(h[i - 1])))
C = sum(h ** 2)
""",
    "a filter around a softmax does not filter its sum": """
n: dim
w: param[3, n]; y: index(3)
i: range(3)
z[i, j] = where(w[i, j] > 0, log(w[i, j]) * softmax(softmax(w[i, j], i), i, where=i != y), 2)
C = sum(z ** 2)
""",
    "what is made of a size alone has no label": """
n: dim
w: param[n]
i: range(n)
z[i] = log_softmax(log_softmax(n, i), i)
C = sum(z ** 2 * w)
""",
    "an axis that is one longer than the steps is read a step ahead": """
n: dim; m: dim
a: param; w: param[n + 1, m]
i: range(n); j: range(m)
h[-1, j] = a
h[i, j] = 0.5 * h[i - 1, j] + sin(where(w[n, j] > 0, w[n, j] * w[i + 1, j], 2))
C = sum(h ** 2)
""",
}
