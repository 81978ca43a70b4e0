def two_stage(model, train, head_lr, lr):
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    for stage, rate in (("head", head_lr), ("all", lr)):
        for name, p in model.named_parameters():
            p.requires_grad = stage == "all" or name.split(".")[0] == "fc"
        train(model, rate)
    return model
