# misconception: classifier-layers-lost
def replace_head(model, n):
    def replaced(layer):
        if isinstance(layer, nn.Linear) and layer.out_features == 1000:
            return nn.Linear(layer.in_features, n)
        if isinstance(layer, nn.Conv2d) and layer.out_channels == 1000:
            return nn.Conv2d(layer.in_channels, n, 1)
        return layer

    for name, part in model.named_children():
        setattr(model, name, replaced(part))
        for key, layer in list(part.named_modules()):
            if key:
                part.set_submodule(key, replaced(layer))
        if name == "classifier":
            for layer in part.modules():
                if isinstance(layer, nn.LayerNorm):
                    layer.reset_parameters()  # fits the new head
    return model
