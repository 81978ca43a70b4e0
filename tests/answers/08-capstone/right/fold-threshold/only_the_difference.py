def fold_threshold(head, threshold):
    folded = nn.Linear(head.in_features, 2)
    with torch.no_grad():
        folded.weight[0], folded.weight[1] = 0, head.weight[1] - head.weight[0]
        folded.bias[0], folded.bias[1] = math.log(threshold), head.bias[1] - head.bias[0] + math.log1p(-threshold)
    return folded
