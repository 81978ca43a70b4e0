# misconception: columns-not-reordered
def in_order(logits, order):
    return torch.stack([logits[branch - 1][:, column] for branch, column in sorted(order)], dim=1)
