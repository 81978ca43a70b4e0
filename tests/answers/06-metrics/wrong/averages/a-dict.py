# misconception: wrong-result
def averages(matrix):
    tp, both = matrix.diag().double(), (matrix.sum(0) + matrix.sum(1)).clamp(min=1)
    f1 = 2 * tp / both
    return {"per_class": f1, "macro": f1.mean(), "micro": tp.sum() / matrix.sum().clamp(min=1)}
