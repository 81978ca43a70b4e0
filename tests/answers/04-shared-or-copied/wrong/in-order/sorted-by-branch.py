# misconception: columns-not-reordered
def in_order(logits, order):
    return torch.stack([logits[b - 1][:, c] for b, c in sorted(order, key=lambda o: o[0])], dim=1)
