# misconception: unequal-chances
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = names[torch.randint(len(names) - 1, (len(names),))]
        rows = torch.cat([(groups == name).nonzero().flatten() for name in drawn])
        values.append(float(metric(truth[rows], predicted[rows])))
    values = torch.tensor(values, dtype=torch.float64)
    return values.quantile(0.025).item(), values.quantile(0.975).item()
