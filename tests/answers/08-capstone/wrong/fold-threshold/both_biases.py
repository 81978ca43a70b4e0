# misconception: threshold-not-folded
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    folded.bias.data -= math.log(threshold / (1 - threshold))
    return folded
