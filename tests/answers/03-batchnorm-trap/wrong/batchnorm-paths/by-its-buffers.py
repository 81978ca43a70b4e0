# misconception: batchnorm-by-buffers
def batchnorm_paths(model):
    return [name.removesuffix(".running_mean") for name, _ in model.named_buffers() if name.endswith(".running_mean")]
