# misconception: wrong-result
def batchnorm_paths(model):
    return [path for path, layer in model.named_modules() if "Norm" in type(layer).__name__]
