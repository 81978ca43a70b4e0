# misconception: threshold-misses-floor
def pick_threshold(scores, rotten, floor):
    of_rotten = scores[rotten == 1].sort(descending=True).values
    return of_rotten[int(floor * len(of_rotten)) - 1].item()
