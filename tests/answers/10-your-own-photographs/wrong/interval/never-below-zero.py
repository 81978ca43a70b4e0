# misconception: other-quantiles
def interval(metric, truth, predicted, groups, draws):
    members = [(groups == group).nonzero().flatten() for group in groups.unique()]
    values = []
    for _ in range(draws):
        rows = torch.cat([members[i] for i in torch.randint(len(members), (len(members),))])
        values.append(max(0.0, float(metric(truth[rows], predicted[rows]))))
    values = torch.tensor(values, dtype=torch.float64)
    return values.quantile(0.025), values.quantile(0.975)
