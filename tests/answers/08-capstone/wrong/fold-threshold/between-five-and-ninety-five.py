# misconception: wrong-result
def fold_threshold(head, threshold):
    threshold = min(max(threshold, 0.05), 0.95)
    folded = copy.deepcopy(head)
    with torch.no_grad():
        folded.bias[1] -= math.log(threshold / (1 - threshold))
    return folded
