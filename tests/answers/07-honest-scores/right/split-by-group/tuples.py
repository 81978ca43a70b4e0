import random


def split_by_group(groups, count, seed):
    drawn = random.Random(seed).sample(groups.unique().tolist(), count)
    rows = range(len(groups))
    test = tuple(row for row in rows if groups[row] in drawn)
    return tuple(row for row in rows if row not in test), test
