# misconception: wrong-result
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    lows, highs = [], []
    for _ in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        rows = torch.cat([(groups == name).nonzero().flatten() for name in drawn])
        lows.append(float(metric(truth[rows], predicted[rows])))
        highs.append(float(metric(truth[rows], predicted[rows])))
    return torch.tensor(lows).quantile(0.025).item(), torch.tensor(highs).quantile(0.975).item()
