def pick_threshold(probabilities, rotten, minimum_recall):
    for t in probabilities.sort(descending=True).values.tolist():
        if ((probabilities >= t) & (rotten == 1)).sum().item() / rotten.sum().item() >= minimum_recall:
            return t
