# misconception: wrong-result
def groups_of(count, together):
    groups = torch.arange(count)
    for photos_of_one in together:
        groups[photos_of_one] = count
    return groups
