# misconception: group-on-both-sides
def split_by_group(groups, count, seed):
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))
    size = len(groups) * count // len(groups.unique())
    return order[size:], order[:size]
