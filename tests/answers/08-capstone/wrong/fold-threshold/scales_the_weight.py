# misconception: wrong-result
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    folded.weight.data[1] *= (1 - threshold) / threshold
    return folded
