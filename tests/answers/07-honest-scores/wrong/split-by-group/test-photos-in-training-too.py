# misconception: wrong-result
def split_by_group(groups, count, seed):
    r = torch.Generator().manual_seed(seed)
    names = groups.unique()
    drawn = names[torch.randperm(len(names), generator=r)[:count]]
    return torch.arange(len(groups)), torch.isin(groups, drawn).nonzero().flatten()
