# misconception: wrong-result
def layerwise_groups(model, lr, factor):
    return [p for p in model.parameters() if p.requires_grad]
