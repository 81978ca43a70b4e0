# misconception: stages-miscounted
def layerwise_groups(model, lr, factor):
    out, d = [{"params": [p for p in model.fc.parameters() if p.requires_grad], "lr": lr}], 1
    for s in (model.layer4, model.layer3, model.layer2, model.layer1):
        for block in reversed(s):
            out.append({"params": [p for p in block.parameters() if p.requires_grad], "lr": lr * factor ** d}); d += 1
    out.append({"params": [p for m in (model.conv1, model.bn1) for p in m.parameters() if p.requires_grad], "lr": lr * factor ** d})
    return out
