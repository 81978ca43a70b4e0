# misconception: zero-division-undecided
def averages(matrix):
    m = matrix.float()
    d = m.sum(0) + m.sum(1)
    f = 2 * m.diag() / d.clamp(min=1)
    return f, f.mean(), m.trace() / m.sum()
