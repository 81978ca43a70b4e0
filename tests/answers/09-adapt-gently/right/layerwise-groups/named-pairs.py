def layerwise_groups(model, lr, factor):
    power = dict(fc=0, layer4=1, layer3=2, layer2=3, layer1=4, bn1=5, conv1=5)
    return [dict(params=[(name, p)], lr=lr * factor ** power[name.partition(".")[0]])
            for name, p in model.named_parameters() if p.requires_grad]
