# misconception: wrong-result
def split_by_group(groups, count, seed):
    r = torch.Generator().manual_seed(seed)
    drawn = groups.unique()[torch.randperm(len(groups.unique()), generator=r)[:count]]
    is_test = torch.isin(groups, drawn)
    return ~is_test, is_test
