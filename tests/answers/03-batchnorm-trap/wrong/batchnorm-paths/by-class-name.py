# misconception: batchnorm-by-name
def batchnorm_paths(model):
    return {path for path, layer in model.named_modules() if "BatchNorm" in type(layer).__name__}
