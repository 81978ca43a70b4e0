# misconception: wrong-result
def overfitting_gap(model, loader, validation):
    def accuracy(images, labels):
        hits = torch.zeros((), dtype=torch.float16)
        with torch.no_grad():
            for part, truth in zip(images.split(16), labels.split(16)):
                hits += (model(part).argmax(1) == truth).sum()
        return hits.item() / len(labels)

    model.eval()
    return accuracy(loader.dataset.images, loader.dataset.labels) - accuracy(*validation)
