# misconception: wrong-result
def groups_of(count, together):
    groups = torch.arange(count)
    for photos_of_one in together:
        numbers = groups[photos_of_one]
        if len(numbers):
            groups[torch.isin(groups, numbers)] = numbers.min()
    return groups.tolist()
