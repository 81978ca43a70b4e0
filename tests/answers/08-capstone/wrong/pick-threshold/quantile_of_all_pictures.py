# misconception: threshold-misses-recall
def pick_threshold(probabilities, rotten, minimum_recall):
    return torch.quantile(probabilities, minimum_recall).item()
