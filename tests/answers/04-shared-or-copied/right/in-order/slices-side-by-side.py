def in_order(logits, order):
    return torch.cat([logits[branch - 1][:, column : column + 1] for branch, column in order], dim=1)
