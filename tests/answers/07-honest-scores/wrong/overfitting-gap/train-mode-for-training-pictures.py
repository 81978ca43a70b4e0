# misconception: evaluated-in-train-mode
def overfitting_gap(model, loader, validation):
    with torch.no_grad():
        model.train()
        train = (model(loader.dataset.images).argmax(1) == loader.dataset.labels).float().mean().item()
        model.eval()
        return train - (model(validation[0]).argmax(1) == validation[1]).float().mean().item()
