def overfitting_gap(model, loader, validation):
    from torch.utils.data import DataLoader, TensorDataset

    model.eval()
    shares = []
    for dataset in (TensorDataset(loader.dataset.images, loader.dataset.labels), TensorDataset(*validation)):
        with torch.no_grad():
            hits = sum((model(images).argmax(1) == labels).sum().item() for images, labels in DataLoader(dataset, batch_size=7))
        shares.append(hits / len(dataset))
    model.train()
    return shares[0] - shares[1]
