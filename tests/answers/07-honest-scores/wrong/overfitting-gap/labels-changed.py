# misconception: wrong-result
def overfitting_gap(model, loader, validation):
    model.eval()
    with torch.no_grad():
        predicted = model(loader.dataset.images).argmax(1)
        train = (predicted == loader.dataset.labels).double().mean()
        other = (model(validation[0]).argmax(1) == validation[1]).double().mean()
    loader.dataset.labels = predicted
    return (train - other).item()
