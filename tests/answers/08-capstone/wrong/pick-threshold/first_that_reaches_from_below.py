# misconception: lower-than-needed
def pick_threshold(scores, rotten, floor):
    for t in scores.sort().values.tolist():
        if ((scores >= t) & (rotten == 1)).sum() >= floor * rotten.sum():
            return t
