# misconception: threshold-misses-recall
def pick_threshold(probabilities, rotten, minimum_recall):
    grid = probabilities.sort().values.tolist()
    return max(grid, key=lambda t: ((probabilities >= t) == (rotten == 1)).float().mean().item())
