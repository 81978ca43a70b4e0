def groups_of(count, together):
    parent = list(range(count))

    def root(photo):
        while parent[photo] != photo:
            photo = parent[photo]
        return photo

    for photos_of_one in together:
        for photo in photos_of_one[1:]:
            parent[root(photo)] = root(photos_of_one[0])
    return torch.tensor([1000 + root(photo) for photo in range(count)])
