# misconception: wrong-result
def averages(matrix):
    m = matrix.double()
    d = m.sum(0) + m.sum(1)
    f = torch.where(d > 0, 2 * m.diag() / d, 1.0)
    return f, f.mean(), m.trace() / m.sum().clamp(min=1)
