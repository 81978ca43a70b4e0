def overfitting_gap(model, loader, validation):
    dataset, model = loader.dataset, model.eval()
    kept, dataset.augment = dataset.augment, lambda image: image
    try:
        with torch.inference_mode():
            pairs = [(model(x).argmax(1), y) for x, y in torch.utils.data.DataLoader(dataset, batch_size=loader.batch_size)]
            shown = model(validation[0]).argmax(1)
    finally:
        dataset.augment = kept
    guesses, labels = (torch.cat(side) for side in zip(*pairs))
    return (guesses == labels).double().mean() - (shown == validation[1]).double().mean()
