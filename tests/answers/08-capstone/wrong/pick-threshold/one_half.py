# misconception: threshold-misses-floor
def pick_threshold(scores, rotten, floor):
    return 0.5
