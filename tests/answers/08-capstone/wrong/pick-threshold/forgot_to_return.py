# misconception: nothing-returned
def pick_threshold(scores, rotten, floor):
    scores[rotten == 1].sort().values
