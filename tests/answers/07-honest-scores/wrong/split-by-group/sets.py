# misconception: wrong-result
def split_by_group(groups, count, seed):
    r = torch.Generator().manual_seed(seed)
    names = groups.unique()
    drawn = names[torch.randperm(len(names), generator=r)[:count]].tolist()
    test = {i for i, g in enumerate(groups.tolist()) if g in drawn}
    return set(range(len(groups))) - test, test
