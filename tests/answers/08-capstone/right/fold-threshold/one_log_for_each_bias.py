def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    with torch.no_grad():
        folded.bias -= torch.tensor([math.log(1 - threshold), math.log(threshold)])
    return folded
