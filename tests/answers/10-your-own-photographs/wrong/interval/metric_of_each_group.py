# misconception: wrong-result
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        each = [float(metric(truth[groups == g], predicted[groups == g])) for g in drawn]
        values.append(sum(each) / len(each))
    values = torch.tensor(values, dtype=torch.float64)
    return values.quantile(0.025).item(), values.quantile(0.975).item()
