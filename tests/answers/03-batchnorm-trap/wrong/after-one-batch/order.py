# misconception: wrong-result
def after_one_batch(bn, features):
    v, m = torch.var_mean(features, (0, 2, 3))
    return torch.lerp(bn.running_var, v, bn.momentum), torch.lerp(bn.running_mean, m, bn.momentum)
