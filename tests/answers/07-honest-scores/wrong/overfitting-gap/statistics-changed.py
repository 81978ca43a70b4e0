# misconception: model-left-changed
def overfitting_gap(model, loader, validation):
    model.eval()
    with torch.no_grad():
        train = (model(loader.dataset.images).argmax(1) == loader.dataset.labels).double().mean()
        other = (model(validation[0]).argmax(1) == validation[1]).double().mean()
    for layer in model:
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.add_(1)
    return (train - other).item()
