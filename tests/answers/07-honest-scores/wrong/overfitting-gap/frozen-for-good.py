# misconception: model-left-changed
def overfitting_gap(model, loader, validation):
    model.eval().requires_grad_(False)

    def accuracy(images, labels):
        return (model(images).argmax(1) == labels).double().mean().item()

    return accuracy(loader.dataset.images, loader.dataset.labels) - accuracy(*validation)
