# misconception: columns-count-from-zero
def in_order(logits, order):
    return torch.stack([logits[branch - 1][:, column - 1] for branch, column in order], dim=1)
