# misconception: momentum-from-memory
def after_one_batch(bn, features):
    mean, var = features.mean((0, 2, 3)), features.var((0, 2, 3))
    return 0.9 * bn.running_mean + 0.1 * mean, 0.9 * bn.running_var + 0.1 * var
