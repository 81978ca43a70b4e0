# misconception: wrong-result
def fold_threshold(head, threshold):
    folded = nn.Linear(head.in_features, 1)
    with torch.no_grad():
        folded.weight.copy_(head.weight[1:] - head.weight[:1])
        folded.bias.copy_(head.bias[1:] - head.bias[:1] - math.log(threshold / (1 - threshold)))
    return folded
