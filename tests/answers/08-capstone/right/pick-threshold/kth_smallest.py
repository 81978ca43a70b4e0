def pick_threshold(scores, rotten, floor):
    of_rotten = scores[rotten == 1]
    missed = int((1 - floor) * len(of_rotten) + 1e-9)
    return float(of_rotten.kthvalue(missed + 1).values)
