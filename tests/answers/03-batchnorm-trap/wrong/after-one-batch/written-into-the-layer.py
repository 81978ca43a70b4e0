# misconception: model-left-changed
def after_one_batch(bn, features):
    var, mean = torch.var_mean(features, dim=(0, 2, 3))
    bn.running_mean.lerp_(mean, bn.momentum)
    bn.running_var.lerp_(var, bn.momentum)
    return bn.running_mean, bn.running_var
