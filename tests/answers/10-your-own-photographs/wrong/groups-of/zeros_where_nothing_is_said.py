# misconception: single-photos-merged
def groups_of(count, together):
    groups = torch.zeros(count, dtype=torch.int64)
    for number, photos_of_one in enumerate(together, start=1):
        old = [g for g in groups[photos_of_one].tolist() if g]
        groups[photos_of_one] = number
        for g in old:
            groups[groups == g] = number
    return groups
