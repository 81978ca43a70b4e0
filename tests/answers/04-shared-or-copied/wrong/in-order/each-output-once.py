# misconception: wrong-result
def in_order(logits, order):
    return torch.stack([logits[branch - 1][:, column] for branch, column in dict.fromkeys(order)], dim=1)
