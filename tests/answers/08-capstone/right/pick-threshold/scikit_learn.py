def pick_threshold(scores, rotten, floor):
    from sklearn.metrics import precision_recall_curve

    _, recall, thresholds = precision_recall_curve(rotten, scores)
    return max(t for t, r in zip(thresholds, recall) if r >= floor)
