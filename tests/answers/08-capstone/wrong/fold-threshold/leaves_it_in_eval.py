# misconception: edited-in-place
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head.eval())
    with torch.no_grad():
        folded.bias[1] -= math.log(threshold / (1 - threshold))
    return folded
