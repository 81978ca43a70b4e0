# misconception: columns-detached
def in_order(logits, order):
    columns = [logits[branch - 1][:, column] for branch, column in order]
    columns[-1] = columns[-1].detach()
    return torch.stack(columns, dim=1)
