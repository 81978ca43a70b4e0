# misconception: absent-class-forgotten
def averages(matrix):
    matrix = matrix.double()
    tp = matrix.diag()
    precision, recall = tp / matrix.sum(0).clamp(min=1), tp / matrix.sum(1).clamp(min=1)
    per_class = 2 * tp / (matrix.sum(0) + matrix.sum(1)).clamp(min=1)
    macro = per_class[matrix.sum(1) > 0].mean().item()
    micro = (tp.sum() / matrix.sum()).item()
    return per_class, macro, micro
