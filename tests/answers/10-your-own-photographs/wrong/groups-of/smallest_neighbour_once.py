# misconception: lists-not-followed
def groups_of(count, together):
    groups = list(range(count))
    for photos_of_one in together:
        for photo in photos_of_one:
            groups[photo] = min(groups[photo], *photos_of_one, count)
    return torch.tensor(groups)
