# misconception: wrong-result
def split_by_group(groups, count, seed):
    names = groups.unique()
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    return names[order[count:]], names[order[:count]]
