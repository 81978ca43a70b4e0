import numpy as np


def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = np.empty(draws)
    for draw in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        rows = (groups == drawn[:, None]).nonzero()[:, 1]
        values[draw] = float(metric(truth[rows], predicted[rows]))
    return np.split(np.percentile(values, [2.5, 97.5]), 2)
