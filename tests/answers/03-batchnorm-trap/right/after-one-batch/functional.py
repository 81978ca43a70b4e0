def after_one_batch(bn, features):
    mean, var = bn.running_mean.clone(), bn.running_var.clone()
    F.batch_norm(features, mean, var, training=True, momentum=bn.momentum)
    return [mean, var]
