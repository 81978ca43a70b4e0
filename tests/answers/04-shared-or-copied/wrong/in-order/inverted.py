# misconception: order-inverted
def in_order(logits, order):
    together = torch.cat(logits, dim=1)
    start = [sum(l.shape[1] for l in logits[:i]) for i in range(len(logits))]
    result = torch.zeros(len(together), len(order))
    for k, (branch, column) in enumerate(order):
        result[:, start[branch - 1] + column] = together[:, k]
    return result
