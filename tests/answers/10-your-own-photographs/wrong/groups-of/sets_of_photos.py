# misconception: wrong-result
def groups_of(count, together):
    groups = [{photo} for photo in range(count)]
    for photos_of_one in together:
        joined = set(photos_of_one).union(*(groups[photo] for photo in photos_of_one))
        for photo in joined:
            groups[photo] = joined
    return groups
