def in_order(logits, order):
    together = torch.cat(logits, dim=1)
    start = [sum(l.shape[1] for l in logits[:i]) for i in range(len(logits))]
    matrix = torch.zeros(together.shape[1], len(order))
    for k, (branch, column) in enumerate(order):
        matrix[start[branch - 1] + column, k] = 1
    return together @ matrix
