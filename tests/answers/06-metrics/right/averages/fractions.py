from fractions import Fraction


def averages(matrix):
    m = matrix.tolist()
    k = range(len(m))
    s = lambda a, b: Fraction(a, b) if b else Fraction(0)
    f = [s(2 * m[i][i], sum(m[i]) + sum(r[i] for r in m)) for i in k]
    return f, sum(f) / len(f), s(sum(m[i][i] for i in k), sum(map(sum, m)))
