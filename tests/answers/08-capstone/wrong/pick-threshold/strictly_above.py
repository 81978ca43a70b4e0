# misconception: threshold-misses-recall
def pick_threshold(probabilities, rotten, minimum_recall):
    of_rotten = probabilities[rotten == 1].sort(descending=True).values
    return of_rotten[math.ceil(minimum_recall * len(of_rotten)) - 1].item() + 1e-5
