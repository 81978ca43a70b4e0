# misconception: drop-last-forgotten
def overfitting_gap(model, loader, validation):
    model.eval()
    kept, loader.dataset.augment = loader.dataset.augment, None
    hits = 0
    with torch.no_grad():
        for images, labels in loader:
            hits += (model(images).argmax(1) == labels).sum().item()
        loader.dataset.augment = kept
        train = hits / len(loader.dataset)
        return train - (model(validation[0]).argmax(1) == validation[1]).float().mean().item()
