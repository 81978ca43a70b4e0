# misconception: model-left-changed
def overfitting_gap(model, loader, validation):
    model.eval()
    with torch.no_grad():
        train = (model(loader.dataset.images).argmax(1) == loader.dataset.labels).double().mean()
        other = (model(validation[0]).argmax(1) == validation[1]).double().mean()
        for parameter in model.parameters():
            parameter.clamp_(max=0.5)
    return (train - other).item()
