def pick_threshold(scores, rotten, floor):
    of_rotten = scores[rotten == 1].sort(descending=True).values
    t = of_rotten[math.ceil(floor * len(of_rotten)) - 1]
    below = scores[scores < t]
    return t if len(below) == 0 else (t + 9 * t + 10 * below.max()) / 20 + (t - below.max()) / 4
