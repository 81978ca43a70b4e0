# misconception: probability-for-logit
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    folded.bias.data[1] -= math.log(threshold)
    return folded
