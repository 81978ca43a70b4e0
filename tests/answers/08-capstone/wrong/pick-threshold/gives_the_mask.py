# misconception: wrong-result
def pick_threshold(scores, rotten, floor):
    return scores >= 0.5
