"""Models with recurrences, as texts, and sizes to run them at."""

MODELS = {
    "a tanh network with an initial state": """
N: dim
T: dim
H: dim
x: input[N, T]
y: input[N, T]
w: param[H]
U: param[H, H]
h0: param[H]
v: param[H]
n: range(N)
t: range(T)
h[-1, n, j] = h0[j]
h[t, n, j] = tanh(x[n, t] * w[j] + sum(h[t-1, n, k] * U[k, j], k))
C = mean((sum(h[t, n, k] * v[k], k) - y[n, t])**2, n, t)
minimize(C, sgd(alpha=0.1))
""",
    "the forward algorithm of a hidden Markov model": """
K: dim
V: dim
T: dim
token: index(V)[T]
start: param[K]
A: param[K, K]
E: param[K, V]
t: range(T)
logpi[k] = start[k] - logsumexp(start[j], j)
logA[k, j] = A[k, j] - logsumexp(A[k, l], l)
logE[k, v] = E[k, v] - logsumexp(E[k, u], u)
alpha[0, k] = logpi[k] + logE[k, token[0]]
alpha[t, j] = logsumexp(alpha[t-1, k] + logA[k, j], k) + logE[j, token[t]]
C = -logsumexp(alpha[T-1, k], k)
minimize(C, sgd(alpha=0.1))
""",
    "layers of equal shape": """
L: dim
N: dim
D: dim
x: input[N, D]
y: input[N, D]
W: param[L, D, D]
b: param[L, D]
l: range(L)
h[-1, n, j] = x[n, j]
h[l] = tanh(h[l-1] @ W[l] + b[l])
C = mean((h[L-1, n, j] - y[n, j])**2, n, j)
minimize(C, sgd(alpha=0.1))
""",
    "steps along the second axis": """
N: dim
T: dim
x: input[N, T]
y: input[N]
a: param
b: param[N]
n: range(N)
t: range(T)
c[n, -1] = b[n]
c[n, t] = tanh(a * c[n, t-1] + x[n, t])
C = sum((c[n, T-1] - y[n])**2, n)
minimize(C, sgd(alpha=0.1))
""",
    "discounted returns, from the last step down": """
T: dim
r: input[T]
y: input[T]
g: param
s: param[T]
t: range(T)
R[T-1] = s[T-1] * r[T-1]
R[t] = s[t] * r[t] + g * R[t+1]
C = mean((R[t] - y[t])**2, t)
minimize(C, sgd(alpha=0.1))
""",
    "a gated recurrent unit": """
N: dim
T: dim
D: dim
H: dim
x: input[N, T, D]
y: input[N, H]
Wz: param[D, H]
Uz: param[H, H]
Wr: param[D, H]
Ur: param[H, H]
Wh: param[D, H]
Uh: param[H, H]
bz: param[H]
t: range(T)
n: range(N)
j: range(H)
h[-1, n, j] = 0
z[t] = sigmoid(x[:, t] @ Wz + h[t-1] @ Uz + bz)
r[t] = sigmoid(x[:, t] @ Wr + h[t-1] @ Ur)
m[t] = tanh(x[:, t] @ Wh + (r[t] * h[t-1]) @ Uh)
h[t] = (1 - z[t]) * h[t-1] + z[t] * m[t]
C = mean((h[T-1, n, j] - y[n, j])**2, n, j)
minimize(C, sgd(alpha=0.1))
""",
    "two recurrences, one after the other": """
N: dim
T: dim
H: dim
x: input[T, N, H]
y: input[N, H]
U: param[H, H]
V: param[H, H]
t: range(T)
n: range(N)
j: range(H)
h[-1, n, j] = 0
h[t] = tanh(x[t] + h[t-1] @ U)
g[-1, n, j] = 0
g[t] = tanh(h[t] + g[t-1] @ V)
C = mean((g[T-1, n, j] - y[n, j])**2, n, j)
minimize(C, sgd(alpha=0.1))
""",
    "a logistic equation by Euler's method": """
T: dim
y: input[T]
z0: input
k: param
q: param
dt: const = 0.1
t: range(T)
z[0] = z0
z[t] = z[t-1] + dt * (q - k * z[t-1]**2)
C = mean((z[t] - y[t])**2, t)
minimize(C, sgd(alpha=0.1))
""",
    "an oscillator by Euler's method": """
T: dim
y: input[T]
x0: param
k: param
dt: const = 0.1
t: range(T)
p[0] = x0
v[0] = 0
p[t] = p[t-1] + dt * v[t-1]
v[t] = v[t-1] - dt * k * p[t-1]
C = mean((p[t] - y[t])**2, t)
minimize(C, sgd(alpha=0.1))
""",
    "a moving average": """
T: dim
n: dim
x: input[T, n]
beta: param
w: param[n]
t: range(T)
i: range(n)
m[-1, i] = 0
m[t, i] = beta * m[t-1, i] + (1 - beta) * x[t, i]
C = sum((m[t, i] - w[i])**2, t, i)
minimize(C, sgd(alpha=0.1))
""",
    "a linear system": """
T: dim
n: dim
x: input[T, n]
A: param[n, n]
h0: param[n]
t: range(T)
h[-1, i] = h0[i]
h[t] = A @ h[t-1] + x[t]
C = sum(h[t, i]**2, t, i)
minimize(C, sgd(alpha=0.1))
""",
    "sequences of different lengths": """
N: dim
T: dim
H: dim
x: input[N, T, H]
length: input[N]
y: input[N, H]
U: param[H, H]
n: range(N)
t: range(T)
j: range(H)
h[-1, n, j] = 0
s[t] = tanh(x[:, t] + h[t-1] @ U)
h[t, n, j] = where(t < length[n], s[t, n, j], h[t-1, n, j])
C = mean((h[T-1, n, j] - y[n, j])**2, n, j)
minimize(C, sgd(alpha=0.1))
""",
    "a chain of labels": """
K: dim
T: dim
N: dim
y: index(K)[N, T]
x: input[N, T, K]
A: param[K, K]
n: range(N)
t: range(T)
k: range(K)
j: range(K)
alpha[0, n, k] = x[n, 0, k]
alpha[t, n, j] = logsumexp(alpha[t-1, n, k] + A[k, j], k) + x[n, t, j]
score[0, n] = x[n, 0, y[n, 0]]
score[t, n] = score[t-1, n] + A[y[n, t-1], y[n, t]] + x[n, t, y[n, t]]
C = mean(logsumexp(alpha[T-1, n, k], k) - score[T-1, n], n)
minimize(C, sgd(alpha=0.1))
""",
    "both directions": """
N: dim
T: dim
H: dim
x: input[T, N, H]
y: input[T, N, H]
U: param[H, H]
V: param[H, H]
n: range(N)
t: range(T)
j: range(H)
f[-1, n, j] = 0
f[t] = tanh(x[t] + f[t-1] @ U)
b[T, n, j] = 0
b[t] = tanh(x[t] + b[t+1] @ V)
C = mean((f[t, n, j] * b[t, n, j] - y[t, n, j])**2, t, n, j)
minimize(C, sgd(alpha=0.1))
""",
    "words and their embeddings": """
N: dim
T: dim
V: dim
D: dim
token: index(V)[N, T]
nxt: index(V)[N, T]
E: param[V, D]
U: param[D, D]
n: range(N)
t: range(T)
j: range(D)
h[-1, n, j] = 0
h[t, n, j] = tanh(E[token[n, t], j] + sum(h[t-1, n, k] * U[k, j], k))
z[t, n, v] = sum(h[t, n, k] * E[v, k], k)
C = mean(logsumexp(z[t, n, v], v) - z[t, n, nxt[n, t]], n, t)
minimize(C, sgd(alpha=0.1))
""",
    "reads at other steps outside": """
T: dim
w: param
x: input[T]
t: range(T)
h[-1] = 0
h[t] = tanh(w * h[t-1] + x[t])
C = sum(h[t]*h[T-1], t) + sum((h[t] - h[t-1])**2, t, where=t >= 1)
minimize(C, sgd(alpha=0.1))
""",
    "a normalised iteration": """
T: dim
n: dim
A: param[n, n]
v0: input[n]
t: range(T)
i: range(n)
u[0, i] = v0[i]
u[t, i] = sum(A[i, k] * u[t-1, k], k) / sqrt(1 + sum(u[t-1, k]**2, k))
C = sum(u[T-1, i]**2, i)
minimize(C, sgd(alpha=0.1))
""",
    "weights of each step, and the number of the step": """
T: dim
a: param[T]
b: param
x: input[T]
t: range(T)
h[-1] = b
h[t] = a[t] * h[t-1] / (t + 1) + x[t]
C = sum(h[t]**2, t)
minimize(C, sgd(alpha=0.1))
""",
    "gates in the parts of one array": """
N: dim
T: dim
I: dim
H: dim
O: dim
x: input[N, T, I]
y: input[N, O]
Wx: param[I, 4*H]
Wh: param[H, 4*H]
b: param[4*H]
Wy: param[H, O]
n: range(N)
t: range(T)
j: range(H)
h[-1, n, j] = 0
c[-1, n, j] = 0
a[t] = x[:, t] @ Wx + h[t-1] @ Wh + b
c[t, n, j] = sigmoid(a[t, n, H + j]) * c[t-1, n, j] + sigmoid(a[t, n, j]) * tanh(a[t, n, 2*H + j])
h[t, n, j] = sigmoid(a[t, n, 3*H + j]) * tanh(c[t, n, j])
y_hat = h[T-1] @ Wy
C = (sum((y_hat - y)**2) + 0.1 * sum(c**2)) / N
minimize(C, sgd(alpha=0.1))
""",
}
