# misconception: batchnorm-by-buffers
def batchnorm_paths(model):
    return sorted({k.rsplit(".", 1)[0] for k in model.state_dict() if k.endswith("num_batches_tracked")})
