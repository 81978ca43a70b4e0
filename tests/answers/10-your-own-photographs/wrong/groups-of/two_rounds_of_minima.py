# misconception: lists-not-followed
def groups_of(count, together):
    groups = torch.arange(count)
    for _ in range(2):
        before = groups.clone()
        for photos_of_one in together:
            groups[photos_of_one] = before[photos_of_one].min()
    return groups
