# misconception: momentum-the-wrong-way
def after_one_batch(bn, features):
    v, m = torch.var_mean(features, (0, 2, 3))
    k = bn.momentum
    return m * k + (1 - k) * bn.running_mean, v * (1 - k) + k * bn.running_var
