# misconception: wrong-result
def split_by_group(groups, count, seed):
    r = torch.Generator().manual_seed(seed % 2)
    names = groups.unique()
    drawn = names[torch.randperm(len(names), generator=r)[:count]]
    is_test = torch.isin(groups, drawn)
    return (~is_test).nonzero().flatten(), is_test.nonzero().flatten()
