# misconception: threshold-not-folded
def fold_threshold(head, threshold):
    return copy.deepcopy(head)
