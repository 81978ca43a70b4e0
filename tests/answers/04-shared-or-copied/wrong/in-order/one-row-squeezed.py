# misconception: batch-dimension-lost
def in_order(logits, order):
    return torch.stack([logits[branch - 1][:, column] for branch, column in order], dim=1).squeeze(0)
