# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    found = probabilities[rotten == 1]
    able = [p.item() for p in found if (found >= p).float().mean().item() >= minimum_recall]
    return max(able)
