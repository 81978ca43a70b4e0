# misconception: wrong-result
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        rows = torch.cat([(groups == name).nonzero().flatten() for name in drawn])
        labels = torch.cat([truth[rows], truth[:1] + len(truth)])
        guesses = torch.cat([predicted[rows], predicted[:1] + len(truth)])
        values.append(float(metric(labels, guesses)))
    values = torch.tensor(values, dtype=torch.float64)
    return values.quantile(0.025).item(), values.quantile(0.975).item()
