# misconception: probability-for-logit
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    folded.bias.data[1] += 0.5 - threshold
    return folded
