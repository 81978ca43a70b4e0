# misconception: wrong-result
def count_parameters(model):
    return next(model.parameters()).numel()
