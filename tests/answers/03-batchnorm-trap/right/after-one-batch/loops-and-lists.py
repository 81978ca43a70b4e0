def after_one_batch(bn, features):
    M = []
    V = []
    for c in range(features.shape[1]):
        x = features[:, c].flatten().tolist()
        n = len(x)
        mu = sum(x) / n
        v = sum(((a - mu) ** 2 for a in x)) / (n - 1)
        M.append((1 - bn.momentum) * bn.running_mean[c].item() + bn.momentum * mu)
        V.append((1 - bn.momentum) * bn.running_var[c].item() + bn.momentum * v)
    return (M, V)
