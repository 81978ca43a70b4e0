# misconception: lists-not-followed
def groups_of(count, together):
    groups = torch.arange(count)
    for photos_of_one in together:
        for photo in photos_of_one:
            groups[photo] = groups[photos_of_one[0]]
    return groups
