# misconception: wrong-result
def averages(matrix):
    sums = (matrix.sum(0) + matrix.sum(1)).clamp(min=3)
    per_class = 2 * matrix.diag() / sums
    return per_class, per_class.mean(), matrix.trace() / matrix.sum().clamp(min=1)
