# misconception: threshold-misses-floor
def pick_threshold(scores, rotten, floor):
    grid = scores.sort().values.tolist()
    return max(grid, key=lambda t: ((scores >= t) == (rotten == 1)).float().mean().item())
