# misconception: threshold-misses-floor
def pick_threshold(scores, rotten, floor):
    return torch.quantile(scores, floor).item()
