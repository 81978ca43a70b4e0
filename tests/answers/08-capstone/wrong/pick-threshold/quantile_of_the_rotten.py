# misconception: threshold-misses-recall
def pick_threshold(probabilities, rotten, minimum_recall):
    return torch.quantile(probabilities[rotten == 1], 1 - minimum_recall).item()
