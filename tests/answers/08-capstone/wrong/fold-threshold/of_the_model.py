# misconception: other-parameters
def fold_threshold(model, head, threshold):
    folded = copy.deepcopy(head)
    folded.bias.data[1] -= math.log(threshold / (1 - threshold))
    model.rotten = folded
    return folded
