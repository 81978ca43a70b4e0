# misconception: other-quantiles
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        rows = torch.cat([(groups == name).nonzero().flatten() for name in drawn])
        values.append(float(metric(truth[rows], predicted[rows])))
    values = torch.tensor(values, dtype=torch.float64)
    low, high = values.quantile(0.025).item(), values.quantile(0.975).item()
    return (low + high) / 2, (high - low) / 2
