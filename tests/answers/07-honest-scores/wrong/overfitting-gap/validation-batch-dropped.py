# misconception: drop-last-forgotten
def overfitting_gap(model, loader, validation):
    def accuracy(images, labels, kept):
        with torch.no_grad():
            return (model(images[:kept]).argmax(1) == labels[:kept]).double().mean().item()

    model.eval()
    images, labels = validation
    size = loader.batch_size
    kept = max(len(labels) // size * size - size, 1)
    return accuracy(loader.dataset.images, loader.dataset.labels, None) - accuracy(images, labels, kept)
