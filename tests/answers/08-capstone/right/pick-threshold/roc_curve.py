def pick_threshold(probabilities, rotten, minimum_recall):
    from sklearn.metrics import roc_curve

    _, tpr, thresholds = roc_curve(rotten.numpy(), probabilities.numpy(), drop_intermediate=False)
    return thresholds[(tpr >= minimum_recall).argmax()]
