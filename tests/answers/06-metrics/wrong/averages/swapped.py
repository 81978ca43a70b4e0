# misconception: micro-taken-for-macro
def averages(matrix):
    matrix = matrix.double()
    tp = matrix.diag()
    precision, recall = tp / matrix.sum(0).clamp(min=1), tp / matrix.sum(1).clamp(min=1)
    per_class = 2 * tp / (matrix.sum(0) + matrix.sum(1)).clamp(min=1)
    macro = (tp.sum() / matrix.sum()).item()
    micro = per_class.mean().item()
    return per_class, macro, micro
