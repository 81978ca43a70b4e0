# misconception: input-changed
def groups_of(count, together):
    groups = torch.arange(count)
    while together:
        numbers = groups[together.pop()]
        groups[torch.isin(groups, numbers)] = numbers.min()
    return groups
