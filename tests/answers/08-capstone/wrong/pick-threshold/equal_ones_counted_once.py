# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    different = probabilities[rotten == 1].unique().flip(0)
    return different[math.ceil(minimum_recall * len(different) - 1e-9) - 1].item()
