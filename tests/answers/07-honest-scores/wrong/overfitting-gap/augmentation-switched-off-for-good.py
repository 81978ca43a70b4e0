# misconception: wrong-result
def overfitting_gap(model, loader, validation):
    def share(images, labels):
        with torch.no_grad():
            return (model(images).argmax(1) == labels).float().mean().item()

    model.eval()
    loader.dataset.augment = None
    return share(loader.dataset.images, loader.dataset.labels) - share(*validation)
