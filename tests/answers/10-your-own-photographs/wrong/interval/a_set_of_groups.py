# misconception: group-counted-once
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = set(torch.randint(len(names), (len(names),)).tolist())
        rows = torch.cat([(groups == names[g]).nonzero().flatten() for g in sorted(drawn)])
        values.append(float(metric(truth[rows], predicted[rows])))
    values = torch.tensor(values, dtype=torch.float64)
    return values.quantile(0.025).item(), values.quantile(0.975).item()
