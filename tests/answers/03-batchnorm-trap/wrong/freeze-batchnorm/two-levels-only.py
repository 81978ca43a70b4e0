# misconception: batchnorm-left-behind
def freeze_batchnorm(model):
    for parent in [model, *model.children(), *(inner for child in model.children() for inner in child.children())]:
        for name, layer in parent.named_children():
            if isinstance(layer, nn.BatchNorm2d):
                frozen = torchvision.ops.FrozenBatchNorm2d(layer.num_features, layer.eps)
                frozen.load_state_dict(layer.state_dict())
                setattr(parent, name, frozen)
    return model
