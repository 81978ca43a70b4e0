def fold_threshold(head, threshold):
    folded = nn.Linear(head.in_features, 2)
    with torch.no_grad():
        folded.weight.copy_(head.weight)
        folded.bias.copy_(head.bias + torch.tensor([0.5, -0.5]) * math.log(threshold / (1 - threshold)))
    return folded
