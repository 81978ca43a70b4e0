# misconception: wrong-result
def overfitting_gap(model, loader, validation):
    def accuracy_of(images, labels):
        with torch.no_grad():
            logits = model(images)
        return (logits[torch.arange(len(labels)), labels] > 0).double().mean().item()

    model.eval()
    return accuracy_of(loader.dataset.images, loader.dataset.labels) - accuracy_of(*validation)
