# misconception: momentum-from-memory
def after_one_batch(bn, features):
    v, m = torch.var_mean(features, (0, 2, 3))
    a = bn.momentum or 0.1
    return (torch.lerp(bn.running_mean, m, a), torch.lerp(bn.running_var, v, a))
