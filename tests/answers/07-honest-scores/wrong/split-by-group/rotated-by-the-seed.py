# misconception: wrong-result
def split_by_group(groups, count, seed):
    ids = groups.unique(); drawn = ids.roll(seed)[:count]
    inside = torch.isin(groups, drawn)
    return (~inside).nonzero().flatten(), inside.nonzero().flatten()
