# misconception: nothing-returned
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    folded.bias.data[1] -= math.log(threshold / (1 - threshold))
