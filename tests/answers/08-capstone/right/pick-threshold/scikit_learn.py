def pick_threshold(probabilities, rotten, minimum_recall):
    from sklearn.metrics import precision_recall_curve

    _, recall, thresholds = precision_recall_curve(rotten, probabilities)
    return max(t for t, r in zip(thresholds, recall) if r >= minimum_recall)
