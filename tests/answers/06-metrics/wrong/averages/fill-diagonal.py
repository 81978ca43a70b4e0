# misconception: input-changed
def averages(matrix):
    tp = matrix.diag().clone().double()
    matrix.fill_diagonal_(0)
    w = (matrix.sum(0) + matrix.sum(1)).double()
    f = 2 * tp / (2 * tp + w).clamp(min=1)
    return f, f.mean(), 2 * tp.sum() / (2 * tp.sum() + w.sum()).clamp(min=1)
