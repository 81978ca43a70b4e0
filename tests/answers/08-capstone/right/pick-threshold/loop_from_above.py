def pick_threshold(scores, rotten, floor):
    for t in scores.sort(descending=True).values.tolist():
        if ((scores >= t) & (rotten == 1)).sum().item() / rotten.sum().item() >= floor:
            return t
