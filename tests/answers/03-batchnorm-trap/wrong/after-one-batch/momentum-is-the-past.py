# misconception: momentum-the-wrong-way
def after_one_batch(bn, features):
    mean, var = features.mean((0, 2, 3)), features.var((0, 2, 3))
    return bn.momentum * bn.running_mean + (1 - bn.momentum) * mean, bn.momentum * bn.running_var + (1 - bn.momentum) * var
