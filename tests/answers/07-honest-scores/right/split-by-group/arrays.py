import numpy as np

def split_by_group(groups, count, seed):
    ids = groups.numpy()
    rng = np.random.default_rng(seed)
    test = np.isin(ids, rng.choice(np.unique(ids), size=count, replace=False))
    return np.flatnonzero(~test), np.flatnonzero(test)
