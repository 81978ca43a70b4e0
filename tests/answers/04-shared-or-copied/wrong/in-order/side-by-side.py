# misconception: columns-not-reordered
def in_order(logits, order):
    return torch.cat(logits, dim=1)
