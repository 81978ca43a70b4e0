import statistics

def interval(metric, truth, predicted, groups, draws):
    ids = groups.unique()
    members = [(groups == g).nonzero().flatten() for g in ids]
    G = len(ids)
    values = []
    for _ in range(draws):
        drawn = torch.randint(G, (G,))
        rows = torch.cat([members[g] for g in drawn])
        values.append(float(metric(truth[rows], predicted[rows])))
    q = statistics.quantiles(values, n=40)
    return q[0], q[-1]
