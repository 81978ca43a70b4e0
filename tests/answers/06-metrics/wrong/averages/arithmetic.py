# misconception: arithmetic-f1
def averages(matrix):
    matrix = matrix.double()
    tp = matrix.diag()
    precision, recall = tp / matrix.sum(0).clamp(min=1), tp / matrix.sum(1).clamp(min=1)
    per_class = (precision + recall) / 2
    macro = per_class.mean().item()
    micro = (tp.sum() / matrix.sum()).item()
    return per_class, macro, micro
