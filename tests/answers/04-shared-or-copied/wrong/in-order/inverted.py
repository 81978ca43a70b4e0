# misconception: order-inverted
def in_order(logits, order):
    together = torch.cat(logits, dim=1)
    start = [sum(l.shape[1] for l in logits[:i]) for i in range(len(logits))]
    where = [start[branch - 1] + column for branch, column in order]
    result = together.clone()
    for k, index in enumerate(where):
        if index < len(where):
            result[:, index] = together[:, k]
    return result
