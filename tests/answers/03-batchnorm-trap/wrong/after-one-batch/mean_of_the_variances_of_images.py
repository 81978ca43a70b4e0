# misconception: wrong-result
def after_one_batch(bn, features):
    keep, take = 1 - bn.momentum, bn.momentum
    mean = keep * bn.running_mean + take * features.mean((0, 2, 3))
    return mean, keep * bn.running_var + take * features.var((2, 3)).mean(0)
