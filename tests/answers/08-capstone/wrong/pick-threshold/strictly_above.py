# misconception: threshold-misses-floor
def pick_threshold(scores, rotten, floor):
    of_rotten = scores[rotten == 1].sort(descending=True).values
    return of_rotten[math.ceil(floor * len(of_rotten)) - 1].item() + 1e-5
