# misconception: running-statistics-missing
def adapter_state(model):
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    return {
        name: tensor.clone()
        for name, tensor in model.state_dict().items()
        if name not in frozen and not name.endswith("num_batches_tracked")
    }
