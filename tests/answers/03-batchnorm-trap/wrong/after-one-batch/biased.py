# misconception: biased-running-variance
def after_one_batch(bn, features):
    mean, var = features.mean((0, 2, 3)), features.var((0, 2, 3), unbiased=False)
    return (1 - bn.momentum) * bn.running_mean + bn.momentum * mean, (1 - bn.momentum) * bn.running_var + bn.momentum * var
