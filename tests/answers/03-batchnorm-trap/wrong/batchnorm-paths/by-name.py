# misconception: batchnorm-by-name
def batchnorm_paths(model):
    return [path for path, layer in model.named_modules() if "bn" in path]
