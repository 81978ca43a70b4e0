# misconception: classifier-layers-lost
def replace_head(model, n):
    for name, module in list(model.named_modules()):
        if getattr(module, "out_features", None) == 1000:
            model.set_submodule(name, nn.Linear(module.in_features, n))
        elif getattr(module, "out_channels", None) == 1000:
            model.classifier = nn.Sequential(model.classifier[0], nn.Conv2d(module.in_channels, n, 1), nn.AdaptiveAvgPool2d(1))
    return model
