import copy


def after_one_batch(bn, features):
    t = copy.deepcopy(bn).double().train()
    t(features.double())
    return (t.running_mean, t.running_var)
