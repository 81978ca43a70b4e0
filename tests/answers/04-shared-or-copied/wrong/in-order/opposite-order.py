# misconception: wrong-result
def in_order(logits, order):
    return torch.stack([logits[b][:, c - 1] for b, c in [(b - 1, c + 1) for b, c in order]][::-1], dim=1)
