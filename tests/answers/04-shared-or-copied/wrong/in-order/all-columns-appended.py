# misconception: wrong-result
def in_order(logits, order):
    rest = [(b, c) for b, l in enumerate(logits, 1) for c in range(l.shape[1]) if (b, c) not in order]
    return torch.stack([logits[branch - 1][:, column] for branch, column in [*order, *rest]], dim=1)
