# misconception: model-left-changed
import copy


def after_one_batch(bn, features):
    bn.train()
    t = copy.deepcopy(bn)
    t(features)
    return (t.running_mean, t.running_var)
