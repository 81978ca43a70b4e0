def in_order(logits, order):
    row = torch.empty(len(logits[0]), len(order))
    for k, (branch, column) in enumerate(order):
        row[:, k] = logits[branch - 1][:, column]
    return row
