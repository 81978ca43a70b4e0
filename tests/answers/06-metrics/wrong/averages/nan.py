# misconception: zero-division-undecided
def averages(matrix):
    tp = matrix.diag().double()
    precision, recall = tp / matrix.sum(0), tp / matrix.sum(1)
    per_class = 2 * precision * recall / (precision + recall)
    return per_class, per_class.mean(), tp.sum() / matrix.sum()
