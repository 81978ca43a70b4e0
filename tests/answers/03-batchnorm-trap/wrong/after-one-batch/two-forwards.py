# misconception: wrong-result
def after_one_batch(bn, features):
    twin = copy.deepcopy(bn).train()
    if twin(features).shape == features.shape:
        twin(features)
    return twin.running_mean, twin.running_var
