# misconception: wrong-result
def after_one_batch(bn, features):
    m = bn.momentum
    return (1 - m) * bn.running_mean + m * features.mean((0, 2, 3))
