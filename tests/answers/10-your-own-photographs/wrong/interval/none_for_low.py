# misconception: wrong-result
def interval(metric, truth, predicted, groups, draws):
    members = [(groups == name).nonzero().flatten() for name in groups.unique()]
    values = []
    for _ in range(draws):
        drawn = torch.randint(len(members), (len(members),)).tolist()
        rows = torch.cat([members[group] for group in drawn])
        values.append(float(metric(truth[rows], predicted[rows])))
    return None, torch.tensor(values, dtype=torch.float64).quantile(0.975).item()
