# misconception: switch-left-changed
def overfitting_gap(model, loader, validation):
    model.eval()
    torch.set_grad_enabled(False)
    if True:
        train = (model(loader.dataset.images).argmax(1) == loader.dataset.labels).double().mean()
        other = (model(validation[0]).argmax(1) == validation[1]).double().mean()
    return (train - other).item()
