# misconception: wrong-result
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    with torch.no_grad():
        folded.bias[1] -= math.log2(threshold / (1 - threshold))
    return folded
