# misconception: branches-count-from-one
def in_order(logits, order):
    return torch.stack([logits[branch][:, column] for branch, column in order], dim=1)
