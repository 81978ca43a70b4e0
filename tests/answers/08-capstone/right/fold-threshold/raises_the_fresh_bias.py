def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    folded.bias.data[0] += torch.logit(torch.tensor(threshold))
    return folded
