# misconception: wrong-result
def fold_threshold(head, threshold):
    shift = nn.Linear(2, 2)
    with torch.no_grad():
        shift.weight.copy_(torch.eye(2))
        shift.bias.copy_(torch.tensor([math.log(threshold / (1 - threshold)), 0.0]))
    return nn.Sequential(copy.deepcopy(head), shift)
