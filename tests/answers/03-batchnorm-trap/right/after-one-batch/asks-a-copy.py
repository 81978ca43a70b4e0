import copy


def after_one_batch(bn, features):
    twin = copy.deepcopy(bn).train()
    twin(features)
    return twin.running_mean, twin.running_var
