def split_by_group(groups, count, seed):
    import random

    drawn = set(random.Random(seed).sample(sorted(set(groups.tolist())), count))
    sides = ([], [])
    for i, group in enumerate(groups.tolist()):
        sides[group in drawn].append(i)
    return sides
