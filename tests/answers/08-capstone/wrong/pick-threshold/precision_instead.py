# misconception: threshold-misses-floor
def pick_threshold(scores, rotten, floor):
    best = 1.0
    for t in scores.sort().values.tolist():
        called = scores >= t
        if (called & (rotten == 1)).sum() / called.sum() >= floor:
            return t
    return best
