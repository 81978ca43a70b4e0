# misconception: other-quantiles
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        rows = torch.cat([(groups == name).nonzero().flatten() for name in drawn])
        values.append(float(metric(truth[rows], predicted[rows])))
    values = torch.tensor(values, dtype=torch.float64)
    error = values.std(correction=0) / len(values) ** 0.5
    return (values.mean() - 2 * error).item(), (values.mean() + 2 * error).item()
