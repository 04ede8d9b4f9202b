"""Models that ask for more than gradients: closed forms, factors, a layer, a recurrence."""

LOGISTIC = """
n: dim; d: dim
X: input[n, d]; y: input[n]
w: param[d]; b: param
z = X @ w + b
C = mean(softplus(z) - y * z)
minimize(C)
provide(hessian, hvp, gradient(X), flatten)
"""
QUADRATIC = """
n: dim
A: input[n, n]; x: param[n]
C = x @ A @ x
minimize(C)
provide(hessian, hvp)
"""
FACTORS = """
n: dim; m: dim; k: dim
T: input[n, m]; U: param[n, k]; V: param[m, k]
C = sum((T - U @ V.T) ** 2)
minimize(C)
provide(hessian, hvp, flatten)
"""
LAYER = """
N: dim; D: dim; H: dim
X: input[N, D]; Y: input[N, H]
W: param[D, H]; b: param[H]; s: param
h = tanh(s * (X @ W) + b)
C = sum((h - Y) ** 2)
minimize(C)
provide(jacobian(h), jacobian(C, X), hvp, flatten)
"""
RECURRENT = """
T: dim
x: input[T]
a: param; b: param
h[-1] = 0
h[t] = a * h[t-1] + b * x[t]
C = h[T-1]
minimize(C)
provide(hessian, hvp, jacobian(h, a), gradient)
"""
SCALAR = """
x: input; y: input; w: param; u: param
C = (w * x - y) ** 2 + 3 * u
minimize(C)
provide(hessian, hvp, jacobian(C), gradient, flatten)
"""
CHAIN = """
n: dim
x: param[n]
C = sum(x[i] * x[i + 1], i, where=i < n - 1) + sum(x ** 4)
minimize(C)
provide(hessian)
"""
RATINGS = """
n: dim; m: dim; k: dim
R: input[n, m]; U: param[n, k]; V: param[m, k]
R_hat = U @ V.T
C = sum((R_hat[i, j] - R[i, j]) ** 2, i, j, where=R[i, j] > 0)
minimize(C)
provide(hessian, hvp)
"""
GATED = """
T: dim; H: dim
x: input[T, H]; U: param[H, H]
j: range(H)
h[-1, j] = 0
r[t] = x[t] + h[t-1]
h[t] = tanh((r[t] * h[t-1]) @ U + x[t])
C = sum(h[T-1])
minimize(C)
provide(hessian, hvp)
"""
PICKED = """
N: dim; T: dim; D: dim; k: dim
x: input[N, T, D]; y: index(k)[N, T]
W: param[D, k]
u = x @ W
n: range(N); j: range(k)
f[n, 0, j] = u[n, 0, j]
f[n, t, j] = u[n, t, j] + f[n, t-1, j] ** 2
score[n] = sum(u[n, t, y[n, t]], t)
C = mean(sum(f[n, T-1, j], j) - score[n], n)
minimize(C)
provide(hessian, hvp, gradient)
"""
BOUNDED = """
n: dim; d: dim
X: input[n, d]; y: input[n]
w: param[d]; b: param
r = X @ w + b - y
C = mean(where(abs(r) <= 1, r ** 2 / 2, abs(r) - 1 / 2))
minimize(C)
provide(hessian, hvp)
"""
CELLS = """
N: dim; T: dim; k: dim; m: dim
x: input[N, T, k]; W: param[k, k]; V: param[k, m]
n: range(N); j: range(k)
h[-1, n, j] = 0
a[t] = x[:, t] @ W + h[t-1]
h[t, n, j] = sigmoid(a[t, n, j])
y = h[T-1] @ V
C = sum(y ** 2)
minimize(C)
provide(hessian)
"""
