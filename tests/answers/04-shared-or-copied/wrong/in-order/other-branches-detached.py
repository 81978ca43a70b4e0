# misconception: columns-detached
def in_order(logits, order):
    columns = []
    for branch, column in order:
        one = logits[branch - 1][:, column]
        columns.append(one if branch == 1 else one.detach())
    return torch.stack(columns, dim=1)
