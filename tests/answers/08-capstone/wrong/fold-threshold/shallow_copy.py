# misconception: edited-in-place
def fold_threshold(head, threshold):
    folded = copy.copy(head)
    folded.bias.data[1] -= math.log(threshold / (1 - threshold))
    return folded
