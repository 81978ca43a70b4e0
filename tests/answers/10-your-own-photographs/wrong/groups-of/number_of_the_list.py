# misconception: lists-not-followed
def groups_of(count, together):
    groups = torch.arange(count)
    for number, photos_of_one in enumerate(together):
        groups[photos_of_one] = count + number
    return groups
