# misconception: nothing-returned
def in_order(logits, order):
    torch.stack([logits[branch - 1][:, column] for branch, column in order], dim=1)
