"""What the language refuses: the whole message, with its place, its cause and its cure."""

import pytest

from derive.errors import LanguageError
from derive.language import read_model

HEAD = """\
n: dim = 3; d: dim = 2
x: input[n, d]; y: input[n]; w: param[d]; s: param
"""
END = "\nminimize(C, sgd(alpha=0.1))"

TEN = {
    "an undefined name": (
        HEAD + "y_hat[i] = sum(x[i, k] * v[k], k)\nC = sum((y_hat - y) ** 2)" + END,
        """
<text>, line 3
   3 | y_hat[i] = sum(x[i, k] * v[k], k)
                                ^
'v' is not defined
  cure: did you mean 'w' or 'x' or 'y'?
""",
    ),
    "an unbound index": (
        HEAD + "y_hat[i] = x[i, k] * w[k]\nC = sum((y_hat - y) ** 2)" + END,
        """
<text>, line 3
   3 | y_hat[i] = x[i, k] * w[k]
                       ^
the index 'k' is neither on the left of the equation nor bound by a reduction
  cure: write it on the left, or bind it: sum(..., k)
""",
    ),
    "shapes that do not fit": (
        HEAD + "C = sum((x.T @ w - y) ** 2)" + END,
        """
<text>, line 3
   3 | C = sum((x.T @ w - y) ** 2)
                ^^^^^^^
the shapes of 'x.T @ w' do not fit: 'x.T' is (d, n) and 'w' is (d,)
  cure: the last axis on the left must be the first of the matrix on the right; .T transposes
""",
    ),
    "a cycle": (
        HEAD + "p = q + s\nq = 2 * p\nC = p" + END,
        """
<text>, line 3
   3 | p = q + s
           ^
'p' and 'q' are defined by each other: 'p' on line 3 reads 'q', and 'q' on line 4 leads back to \
'p'
  cure: break the circle; a recurrence says which step it reads: q[t] = ... p[t-1] ...
""",
    ),
    "a reserved name": (
        "dim: param\nC = dim ** 2" + END,
        """
<text>, line 1
   1 | dim: param
       ^^^
'dim' is a word of the language and cannot name a quantity
  cure: choose another name, 'dim_' for example
""",
    ),
    "a call of Python": (
        HEAD + "C = s + __import__('os').system('ls')" + END,
        """
<text>, line 3
   3 | C = s + __import__('os').system('ls')
               ^^^^^^^^^^
'__import__' is reserved: names that begin with an underscore belong to Python
  cure: choose another name; nothing in a model is run as Python
""",
    ),
    "an unclosed bracket": (
        HEAD + "C = sum((x @ w - y) ** 2" + END,
        """
<text>, line 3
   3 | C = sum((x @ w - y) ** 2
              ^
'(' is never closed
  cure: close the bracket
""",
    ),
    "a cost that is no single number": (
        HEAD + "C = (x @ w - y) ** 2" + END,
        """
<text>, line 4
   4 | minimize(C, sgd(alpha=0.1))
                ^
the cost 'C' has the shape (n,), but only a single number can be minimised
  cure: reduce it: C = sum(C) or C = mean(C), then minimize(C)
""",
    ),
    "a size that does not fit its data": (
        HEAD + "C = sum((x @ w - y) ** 2)\n"
        "minimize(C, sgd(alpha=0.1))\n"
        "with example(steps=3):\n"
        "    y = [1, 2, 3, 4]",
        """
<text>, line 6
   6 |     y = [1, 2, 3, 4]
               ^^^^^^^^^^^^
'y' has the shape (n,), which is (3,) here, but its data have the shape (4,)
  cure: change the data, or the sizes that are declared
""",
    ),
    "an empty file": (
        "\n\n",
        """
the model is empty
  cure: a smallest model is

    w: param = 1
    C = (w - 3) ** 2
    minimize(C, sgd(alpha=0.1))
""",
    ),
}

OTHERS = {
    "both would be stretched": (
        HEAD + "u: input[n, 1]\nC = sum((y - u) ** 2)" + END,
        """
<text>, line 4
   4 | C = sum((y - u) ** 2)
                    ^
the shapes of 'y' and 'u' would both be stretched to fit: (n,) and (n, 1)
  cure: say which axes belong together with indices, as in r[i] = a[i] - b[i, 0]
""",
    ),
    "defined below": (
        HEAD + "C = p ** 2\np = s + 1" + END,
        """
<text>, line 3
   3 | C = p ** 2
           ^
'p' is defined below, on line 4
  cure: move line 4 above line 3; a definition reads what stands above it
""",
    ),
    "defined by itself": (
        HEAD + "C = C + s" + END,
        """
<text>, line 3
   3 | C = C + s
           ^
'C' is defined by itself
  cure: a recurrence says which step it reads: C[t] = ... C[t-1] ..., and where it starts: \
C[-1] = ...
""",
    ),
    "defined twice": (
        HEAD + "C = s\nC = s ** 2" + END,
        """
<text>, line 4
   4 | C = s ** 2
       ^
'C' already has a meaning, from line 3
  cure: choose another name
""",
    ),
    "a keyword as a name": (
        "lambda: param\nC = lambda ** 2" + END,
        """
<text>, line 1
   1 | lambda: param
       ^^^^^^
'lambda' is a word of Python, and has no meaning in a model
  cure: as a name write 'lambda_'
""",
    ),
    "a choice of Python": (
        HEAD + "C = s if s > 0 else 0" + END,
        """
<text>, line 3
   3 | C = s if s > 0 else 0
             ^^
'if' is a word of Python, and has no meaning in a model
  cure: a choice is where(condition, a, b); as a name write 'if_'
""",
    ),
    "a loop": (
        HEAD + "for i in x: pass",
        """
<text>, line 3
   3 | for i in x: pass
       ^^^
'for' is a word of Python, and has no meaning in a model
  cure: an equation with an index holds for all its values: z[i] = x[i] ** 2; as a name write \
'for_'
""",
    ),
    "a module": (
        HEAD + "C = sum(np.exp(w))" + END,
        """
<text>, line 3
   3 | C = sum(np.exp(w))
               ^^^^^^
'np.exp' has no meaning: nothing in a model has methods or modules
  cure: write exp(...)
""",
    ),
    "a method": (
        HEAD + "C = w.sum()" + END,
        """
<text>, line 3
   3 | C = w.sum()
           ^^^^^
'w.sum' has no meaning: nothing in a model has methods or modules
  cure: write sum(...)
""",
    ),
    "no function": (
        HEAD + "C = sum(tahn(w))" + END,
        """
<text>, line 3
   3 | C = sum(tahn(w))
               ^^^^
there is no function 'tahn'
  cure: did you mean 'tan' or 'tanh' or 'arctan'?
""",
    ),
    "rounding": (
        HEAD + "C = sum(floor(w))" + END,
        """
<text>, line 3
   3 | C = sum(floor(w))
               ^^^^^
there is no function 'floor'
  cure: rounding has no derivative; compute it beforehand and pass it in as data
""",
    ),
    "a place": (
        HEAD + "C = argmax(w)" + END,
        """
<text>, line 3
   3 | C = argmax(w)
           ^^^^^^
there is no function 'argmax'
  cure: a place has no derivative; a value has
""",
    ),
    "a condition as a number": (
        HEAD + "C = sum(w > 0)" + END,
        """
<text>, line 3
   3 | C = sum(w > 0)
               ^^^^^
'w > 0' is a condition and not a number
  cure: write where(condition, 1, 0)
""",
    ),
    "a number as a condition": (
        HEAD + "C = where(s, 1, 0)" + END,
        """
<text>, line 3
   3 | C = where(s, 1, 0)
                 ^
's' is a number and not a condition
  cure: compare it with something, as in M[n] > 0
""",
    ),
    "a power with a caret": (
        HEAD + "C = s^2" + END,
        """
<text>, line 3
   3 | C = s^2
           ^^^
'^' is no operator of the language
  cure: a power is written **
""",
    ),
    "a product without a sign": (
        HEAD + "C = 2s" + END,
        """
<text>, line 3
   3 | C = 2s
           ^
this cannot be read as a statement
  cure: write a product with *: 2 * x
""",
    ),
    "a quantity that is called": (
        HEAD + "C = s(1 + s)" + END,
        """
<text>, line 3
   3 | C = s(1 + s)
           ^
's' is a quantity and not a function
  cure: a product is written s * (...), an entry s[...]
""",
    ),
    "a text": (
        HEAD + "C = s - 'abc'" + END,
        """
<text>, line 3
   3 | C = s - 'abc'
               ^^^^^
a text in quotes has no meaning here
  cure: only the title, the first line of a model, stands in quotes
""",
    ),
    "a subscript that is no whole number": (
        HEAD + "C = w[1.5]" + END,
        """
<text>, line 3
   3 | C = w[1.5]
             ^^^
'1.5' cannot be a subscript
  cure: a subscript is made of indices, sizes and whole numbers, or read from index data
""",
    ),
    "a subscript of real data": (
        HEAD + "C = sum(w[y[i]], i)" + END,
        """
<text>, line 3
   3 | C = sum(w[y[i]], i)
                 ^^^^
'y[i]' is a subscript, but 'y' does not hold whole numbers
  cure: declare it as index data, `y: index(V)[...]`
""",
    ),
    "a subscript from the end": (
        HEAD + "C = w[-1]" + END,
        """
<text>, line 3
   3 | C = w[-1]
             ^^
the subscript -1 is outside the axis, which counts from 0
  cure: the last entry is w[d - 1]
""",
    ),
    "a subscript outside": (
        "u: param[3]\nC = u[3]" + END,
        """
<text>, line 2
   2 | C = u[3]
             ^
the subscript 3 is outside the axis of size 3
  cure: the last entry is u[2]
""",
    ),
    "too many subscripts": (
        HEAD + "C = sum(w[i, j], i, j)" + END,
        """
<text>, line 3
   3 | C = sum(w[i, j], i, j)
               ^^^^^^^
'w' has the shape (d,), but 2 subscripts are given
  cure: give at most 1; fewer subscripts leave an array
""",
    ),
    "an index with two ranges": (
        HEAD + "C = sum(x[i, i], i)" + END,
        """
<text>, line 3
   3 | C = sum(x[i, i], i)
           ^^^^^^^^^^^^^^^
the index 'i' would run over two sizes: n in x[i, i] and d in x[i, i]
  cure: use one index an axis, or declare the shorter range, `i: range(n)`
""",
    ),
    "an index without a range": (
        HEAD + "p[i] = s\nC = sum(p)" + END,
        """
<text>, line 3
   3 | p[i] = s
       ^^^^
the range of the index 'i' is not known: it subscripts no axis alone
  cure: declare it, `i: range(n)` with a size n
""",
    ),
    "an index that is a quantity": (
        HEAD + "C = sum(w[s], s)" + END,
        """
<text>, line 3
   3 | C = sum(w[s], s)
                     ^
'sum' runs over an index, and 's' is none
  cure: an index is a letter that means nothing else, as k in sum(x[k], k)
""",
    ),
    "an index used twice": (
        HEAD + "p[i] = sum(x[i, j] * sum(y[i], i), j)\nC = sum(p)" + END,
        """
<text>, line 3
   3 | p[i] = sum(x[i, j] * sum(y[i], i), j)
                                      ^
the index 'i' already has a meaning here
  cure: choose another letter for the inner index
""",
    ),
    "the larger of two": (
        HEAD + "C = max(0, s)" + END,
        """
<text>, line 3
   3 | C = max(0, s)
                  ^
'max' runs over an index, and 's' is none
  cure: the larger of two numbers is maximum(a, b)
""",
    ),
    "an axis without its name": (
        HEAD + "C = sum(sum(x, 0))" + END,
        """
<text>, line 3
   3 | C = sum(sum(x, 0))
                      ^
'sum' runs over an index, and '0' is none
  cure: an axis is named: sum(x, axis=0)
""",
    ),
    "no such axis": (
        HEAD + "C = sum(sum(x, axis=2))" + END,
        """
<text>, line 3
   3 | C = sum(sum(x, axis=2))
                           ^
'2' is no axis of an array of the shape (n, d)
  cure: axes are counted from 0 to 1, or from the end: -1
""",
    ),
    "a softmax over what": (
        HEAD + "C = sum(softmax(x))" + END,
        """
<text>, line 3
   3 | C = sum(softmax(x))
               ^^^^^^^^^^
'softmax(x)' does not say over what it is normalised
  cure: name the axis, softmax(z, axis=-1), or the index, softmax(z[i, j], j)
""",
    ),
    "an undeclared size": (
        "w: param[m]\nC = sum(w)" + END,
        """
<text>, line 1
   1 | w: param[m]
                ^
the size 'm' is not declared
  cure: declare it above, `m: dim`
""",
    ),
    "no size": (
        "n: dim = 0\nw: param[n]\nC = sum(w)" + END,
        """
<text>, line 1
   1 | n: dim = 0
                ^
0 is no size
  cure: a size is a whole number from 1
""",
    ),
    "data with a value": (
        "x: input = 3\nw: param\nC = x * w" + END,
        """
<text>, line 1
   1 | x: input = 3
                  ^
'x' is data, which has no value in the model
  cure: for the worked example write `with example(): x = ...`; a fixed number is `x: const = \
...`
""",
    ),
    "no kind": (
        "x: inptu[3]\nw: param\nC = w" + END,
        """
<text>, line 1
   1 | x: inptu[3]
          ^^^^^^^^
'inptu' is no kind of declaration
  cure: did you mean 'input'?
""",
    ),
    "no way to start": (
        "w: param = gloro\nC = w" + END,
        """
<text>, line 1
   1 | w: param = gloro
                  ^^^^^
'gloro' is no way to start
  cure: did you mean 'glorot'?
""",
    ),
    "no objective": (
        HEAD + "C = s ** 2",
        """
<text>, line 3
   3 | C = s ** 2
       ^^^^^^^^^^
the model minimises nothing
  cure: end it with a cost that is a single number: write minimize(C, sgd(alpha=0.1)), where C \
is a cost defined above
""",
    ),
    "an expression as a cost": (
        HEAD + "minimize(s ** 2)",
        """
<text>, line 3
   3 | minimize(s ** 2)
                ^^^^^^
's ** 2' is not the name of a cost
  cure: give it a name, C = s ** 2, then minimize(C)
""",
    ),
    "no rule": (
        HEAD + "C = s\nminimize(C, adm())",
        """
<text>, line 4
   4 | minimize(C, adm())
                   ^^^
there is no update rule 'adm'
  cure: did you mean 'adam' or 'adamw'?
""",
    ),
    "no setting": (
        HEAD + "C = s\nminimize(C, sgd(lr=0.1))",
        """
<text>, line 4
   4 | minimize(C, sgd(lr=0.1))
                          ^^^
'sgd' has no setting 'lr'
  cure: its settings are alpha
""",
    ),
    "a sum in place": (
        HEAD + "C = s\nC += 1" + END,
        """
<text>, line 4
   4 | C += 1
       ^^^^^^
this is no statement of a model
  cure: a quantity has one value: write z = y + x with a new name on the left
""",
    ),
    "a function that calls itself": (
        HEAD + "def f(t): return f(t)\nC = f(s)" + END,
        """
<text>, line 3
   3 | def f(t): return f(t)
                        ^^^^
'f' calls itself
  cure: write a recurrence: h[t] = ... h[t-1] ...
""",
    ),
    "too few arguments": (
        HEAD + "def f(t, u): return t * u\nC = f(s)" + END,
        """
<text>, line 4
   4 | C = f(s)
           ^^^^
'f' takes 2 arguments (t, u), not 1
  cure: write f(t, u)
""",
    ),
    "not a square": (
        HEAD + "C = det(x)" + END,
        """
<text>, line 3
   3 | C = det(x)
               ^
'x' has the shape (n, d), but det takes a square matrix
  cure: make both axes one size
""",
    ),
    "a gradient that is zero": (
        HEAD + "f = s ** 2\nC = sum(grad(f, w))" + END,
        """
<text>, line 4
   4 | C = sum(grad(f, w))
               ^^^^^^^^^^
'f' is not computed from 'w', so its gradient is zero
  cure: differentiate with respect to what 'f' reads
""",
    ),
    "an unknown fact": (
        HEAD + "assume(symetric(x))\nC = s" + END,
        """
<text>, line 3
   3 | assume(symetric(x))
              ^^^^^^^^^^^
'symetric' is no fact
  cure: did you mean 'symmetric'?
""",
    ),
    "a fact about no square": (
        HEAD + "assume(symmetric(x))\nC = s" + END,
        """
<text>, line 3
   3 | assume(symmetric(x))
                        ^
'symmetric' is said of a square matrix, but 'x' has the shape (n, d)
  cure: change the shape, or the fact
""",
    ),
    "a step without a start on the way": (
        HEAD + "h[-1] = s\nh[i] = h[i-2] + y[i]\nC = sum(h)" + END,
        """
<text>, line 4
   4 | h[i] = h[i-2] + y[i]
       ^^^^
'h' reads itself 2 steps back, but has 1 initial value
  cure: give it one initial value for each step back
""",
    ),
    "a start without a step": (
        HEAD + "h[-1] = s\nC = s" + END,
        """
<text>, line 3
   3 | h[-1] = s
       ^^^^^
'h' has an initial value, but no line below says how it steps
  cure: write h[t] = ... h[t-1] ... below; an equation has an index on its left
""",
    ),
    "a step that reads itself too early": (
        HEAD + "h[-1] = s\np[i] = h[i] + y[i]\nh[i] = h[i-1] + p[i]\nC = sum(h)" + END,
        """
<text>, line 4
   4 | p[i] = h[i] + y[i]
       ^^^^^^^^^^^^^^^^^^
a step of 'p' reads 'h' where it is not yet known
  cure: a step reads earlier steps, and of its own step what stands above it
""",
    ),
    "names that fold together": (
        "ﬁ: param; fi: param\nC = ﬁ * fi" + END,
        """
<text>, line 1
   1 | ﬁ: param; fi: param
                 ^^
'ﬁ' and 'fi' are one name to Python
  cure: spell both the same, or choose two names that can be told apart
""",
    ),
    "names that look alike": (
        "a: param; а: param\nC = a * а" + END,
        """
<text>, line 1
   1 | a: param; а: param
                 ^
'a' and 'а' look alike but are two names
  cure: spell both the same, or choose two names that can be told apart
""",
    ),
    "a bidirectional control": (
        HEAD + "C = s  # \u202e ) x (" + END,
        """
<text>, line 3
   3 | C = s  # � ) x (
                ^
the character U+202E RIGHT-TO-LEFT OVERRIDE cannot be seen as it is
  cure: delete it; a gap is a plain space
""",
    ),
    "a zero width space": (
        HEAD + "C = s\u200b" + END,
        """
<text>, line 3
   3 | C = s�
            ^
the character U+200B ZERO WIDTH SPACE cannot be seen as it is
  cure: delete it; a gap is a plain space
""",
    ),
    "a wrong bracket": (
        HEAD + "C = (s + 1]" + END,
        """
<text>, line 3
   3 | C = (s + 1]
                 ^
'(' is closed by ']'
  cure: close it with ')'
""",
    ),
    "a bracket too many": (
        HEAD + "C = s + 1)" + END,
        """
<text>, line 3
   3 | C = s + 1)
                ^
')' closes no bracket
  cure: delete it, or open one
""",
    ),
    "quotes that never close": (
        '"""A title\n'
        "n: dim = 3; d: dim = 2\n"
        "x: input[n, d]; y: input[n]; w: param[d]; s: param\n"
        "C = s" + END,
        """
<text>, line 1
   1 | \"\"\"A title
       ^
the quotes are never closed
  cure: close them
""",
    ),
    "an indented line": (
        HEAD + "  C = s" + END,
        """
<text>, line 3
   3 |   C = s
        ^
this cannot be read as a statement
  cure: only the lines of a `def` or a `with` are indented
""",
    ),
    "a hexadecimal number": (
        HEAD + "C = 0x10 * s" + END,
        """
<text>, line 3
   3 | C = 0x10 * s
           ^^^^
'0x10' is not a decimal number
  cure: write a number as 3, 0.1 or 1e-5
""",
    ),
    "division by zero": (
        HEAD + "C = s / (1 - 1)" + END,
        """
<text>, line 3
   3 | C = s / (1 - 1)
           ^^^^^^^^^^^
's / (1 - 1)' divides by zero
  cure: change the divisor
""",
    ),
}


MANY = 10_000
LIMITS = {
    "bytes": (b"w: param", "a model is a text, not bytes"),
    "characters": ("w" * 1_000_001, "the text has 1000001 characters, at most 1000000 are read"),
    "lines": ("w: param\n" * 20_000, "the text has 20001 lines, at most 20000 are read"),
    "nested brackets": (
        "C = " + "(" * MANY + "w" + ")" * MANY,
        "the line has 20005 characters, at most 2000 are read",
    ),
    "nested brackets on many lines": (
        "C = " + "(\n" * MANY,
        "the brackets are nested more than 40 deep",
    ),
    "signs": ("C = " + "-" * MANY + "w", "the line has 10005 characters, at most 2000 are read"),
    "signs on a line": ("C = " + "-" * 1000 + "w", "more than 8 signs stand in a row"),
    "a long name": ("w" * 1000 + ": param", "the name has 1000 characters, at most 60 are read"),
    "a long number": (
        "C = " + "1" * 1500,
        "at most 1000 digits and exponents to 1000 are read",
    ),
    "a large exponent of ten": (
        "C = 1e999999999",
        "at most 1000 digits and exponents to 1000 are read",
    ),
    "a large exponent": (
        "w: param\nC = w ** (10 ** 900)",
        "the power is too large: exponents to 1000 and numbers of 1000 digits are read",
    ),
    "a tower": (
        "C = 9 ** 9 ** 9 ** 9",
        "the power is too large: exponents to 1000 and numbers of 1000 digits are read",
    ),
    "a power of a power": (
        "C = (9 ** 900) ** 900",
        "the power is too large: exponents to 1000 and numbers of 1000 digits are read",
    ),
    "a chain of quotients": (
        "w: param\nC = " + "/".join("w" * 500),
        "the expression is nested more than 60 deep",
    ),
    "a long statement": (
        "w: param\nC = (" + "+\n".join("w" * 6000) + ")",
        "the statement has more than 10000 words",
    ),
    "functions that call each other": (
        "w: param\ndef f0(t): return t\n"
        + "\n".join(f"def f{k}(t): return f{k - 1}(t)" for k in range(1, 30))
        + "\nC = f29(w)",
        "more than 20 functions call each other",
    ),
    "functions that double": (
        "w: param\ndef f0(t): return t * t\n"
        + "\n".join(f"def f{k}(t): return f{k - 1}(t) * f{k - 1}(t)" for k in range(1, 19))
        + "\nC = f18(w)",
        "the model unfolds into too many terms",
    ),
    "definitions inside a function": (
        "w: param\ndef f(t):\n    a0 = t\n"
        + "\n".join(f"    a{k} = tanh(a{k - 1})" for k in range(1, 110))
        + "\n    return a109\nC = f(w)",
        "the definition of 'C' is nested more than 100 deep",
    ),
}


@pytest.mark.parametrize(
    ("text", "message"), [*TEN.values(), *OTHERS.values()], ids=[*TEN, *OTHERS]
)
def test_a_bad_model_says_where_why_and_what_to_write(text, message):
    with pytest.raises(LanguageError) as refused:
        read_model(text)
    assert str(refused.value) == message.strip("\n")


@pytest.mark.parametrize(("text", "cause"), LIMITS.values(), ids=LIMITS)
def test_what_is_too_large_is_refused_before_it_costs_anything(text, cause):
    with pytest.raises(LanguageError) as refused:
        read_model(text)
    assert refused.value.cause == cause
    assert refused.value.cure
    assert len(str(refused.value)) < 1000


def test_long_chains_and_many_definitions_are_no_problem():
    layers = "\n".join(f"a{k} = tanh(a{k - 1})" for k in range(1, 5001))
    assert len(read_model(f"a0: param\n{layers}\nminimize(a5000)").equations) == 5000
    total = "+\n".join("w" * 2000)
    (found,) = read_model(f"w: param\nC = ({total})\nminimize(C)").equations
    assert len(found.right.terms) == 2000
