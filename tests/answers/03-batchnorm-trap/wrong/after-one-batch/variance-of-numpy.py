# misconception: biased-running-variance
def after_one_batch(bn, features):
    x = features.transpose(0, 1).flatten(1).numpy()
    m = bn.momentum
    return ((1 - m) * bn.running_mean + m * torch.from_numpy(x.mean(1)),
            (1 - m) * bn.running_var + m * torch.from_numpy(x.var(1)))
