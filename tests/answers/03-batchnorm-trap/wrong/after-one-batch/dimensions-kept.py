# misconception: wrong-result
def after_one_batch(bn, features):
    m = bn.momentum
    old_mean, old_var = bn.running_mean.view(1, -1, 1, 1), bn.running_var.view(1, -1, 1, 1)
    var, mean = torch.var_mean(features, dim=(0, 2, 3), keepdim=True)
    return (1 - m) * old_mean + m * mean, (1 - m) * old_var + m * var
