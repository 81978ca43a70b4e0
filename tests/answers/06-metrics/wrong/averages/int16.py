# misconception: wrong-result
def averages(matrix):
    matrix = matrix.short()
    tp = matrix.diag()
    pred, true = matrix.sum(0, dtype=torch.int16), matrix.sum(1, dtype=torch.int16)
    per_class = 2 * tp / (pred + true).clamp(min=1)
    micro = tp.sum() / matrix.sum().clamp(min=1)
    return per_class, per_class.mean().item(), micro.item()
