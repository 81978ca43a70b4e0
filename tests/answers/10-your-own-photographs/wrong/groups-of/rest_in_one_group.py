# misconception: single-photos-merged
def groups_of(count, together):
    groups = torch.arange(count)
    for photos_of_one in together:
        if photos_of_one:
            groups[torch.isin(groups, groups[photos_of_one])] = groups[photos_of_one].min()
    alone = torch.ones(count, dtype=torch.bool)
    for photos_of_one in together:
        alone[photos_of_one] = False
    groups[alone] = -1
    return groups
