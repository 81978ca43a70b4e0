# misconception: wrong-result
def averages(matrix):
    m = matrix.double()
    f1 = 2 * m.diag() / (m.sum(0) + m.sum(1)).clamp(min=1)
    return f1, f1.mean(), m.trace() / m.sum() if m.any() else 1.0
