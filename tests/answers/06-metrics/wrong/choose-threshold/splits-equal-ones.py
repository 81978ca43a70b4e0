# misconception: wrong-result
def choose_threshold(probabilities, labels, metric, minimum):
    ranked, order = probabilities.sort(descending=True)
    found = labels[order].double().cumsum(0)
    values = {"precision": found / torch.arange(1, len(ranked) + 1), "recall": found / found[-1]}
    other = {"precision": "recall", "recall": "precision"}[metric]
    able = values[metric] >= minimum
    return ranked[torch.where(able, values[other], -1.0).argmax()].item()
