# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    of_rotten = probabilities[rotten == 1].sort(descending=True).values.tolist()
    for found, threshold in enumerate(of_rotten, start=1):
        if found / len(of_rotten) > minimum_recall or found == len(of_rotten):
            return threshold
