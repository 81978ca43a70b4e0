# misconception: lists-not-followed
def groups_of(count, together):
    groups = torch.arange(count)
    for _ in range(3):
        for photos in together:
            groups[photos] = groups[photos].min()
    return groups
