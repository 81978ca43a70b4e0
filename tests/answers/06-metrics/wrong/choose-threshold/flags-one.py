# misconception: other-metric-ignored
def choose_threshold(probabilities, labels, metric, minimum):
    return (
        probabilities.max().item()
        if metric == "precision"
        else probabilities[labels == 1].min().item()
    )
