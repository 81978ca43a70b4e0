import numpy as np

def interval(metric, truth, predicted, groups, draws):
    r = np.random.default_rng(0)
    groups = groups.numpy()
    names = np.unique(groups)
    values = []
    for _ in range(draws):
        drawn = r.choice(names, len(names))
        rows = torch.from_numpy(np.concatenate([np.flatnonzero(groups == g) for g in drawn]))
        values.append(metric(truth[rows], predicted[rows]))
    return tuple(np.percentile(np.array(values, dtype=float), [2.5, 97.5]))
