# misconception: frozen-batchnorm-not-copied
def freeze_batchnorm(model):
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = torchvision.ops.FrozenBatchNorm2d(layer.num_features, layer.eps)
            state = {k: v for k, v in layer.state_dict().items() if k != "bias"}
            state["bias"] = torch.zeros(layer.num_features)
            frozen.load_state_dict(state)
            model.set_submodule(path, frozen)
    return model
