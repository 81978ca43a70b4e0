# misconception: wrong-result
def groups_of(count, together):
    groups = {}
    for photos_of_one in together:
        old = {groups[photo] for photo in photos_of_one if photo in groups}
        name = min([*old, *photos_of_one])
        for photo in photos_of_one:
            groups[photo] = name
        for photo, group in groups.items():
            if group in old:
                groups[photo] = name
    return torch.tensor([groups[photo] for photo in sorted(groups)], dtype=torch.int64)
