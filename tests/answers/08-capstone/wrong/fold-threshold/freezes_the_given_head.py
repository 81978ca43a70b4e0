# misconception: edited-in-place
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    with torch.no_grad():
        folded.bias[1] -= math.log(threshold / (1 - threshold))
    head.requires_grad_(False)
    return folded
