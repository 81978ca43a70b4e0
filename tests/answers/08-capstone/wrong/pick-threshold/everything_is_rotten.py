# misconception: lower-than-needed
def pick_threshold(scores, rotten, floor):
    return 0.0
