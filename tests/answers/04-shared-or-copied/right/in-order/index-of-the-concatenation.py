def in_order(logits, order):
    start = [sum(l.shape[1] for l in logits[:i]) for i in range(len(logits))]
    return torch.cat(logits, dim=1)[:, [start[branch - 1] + column for branch, column in order]]
