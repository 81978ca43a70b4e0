# misconception: wrong-result
def overfitting_gap(model, loader, validation):
    def accuracy(images, labels):
        hits = torch.zeros((), dtype=torch.uint8)
        with torch.no_grad():
            for part, truth in zip(images.split(32), labels.split(32)):
                hits += (model(part).argmax(1) == truth).sum().byte()
        return hits.item() / len(labels)

    model.eval()
    return accuracy(loader.dataset.images, loader.dataset.labels) - accuracy(*validation)
