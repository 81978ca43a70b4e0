# misconception: other-parameters
def pick_threshold(probabilities, rotten):
    of_rotten = probabilities[rotten == 1].sort(descending=True).values.tolist()
    for found, threshold in enumerate(of_rotten, start=1):
        if found / len(of_rotten) >= 0.7:
            return threshold
