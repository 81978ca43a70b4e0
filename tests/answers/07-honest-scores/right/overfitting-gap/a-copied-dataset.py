import copy

def overfitting_gap(model, loader, validation):
    plain = copy.copy(loader.dataset)
    plain.augment = lambda image: image
    right = total = 0
    model.eval()
    for images, labels in torch.utils.data.DataLoader(plain, batch_size=loader.batch_size):
        right += (model(images).argmax(1) == labels).sum()
        total += len(labels)
    return right / total - (model(validation[0]).argmax(1) == validation[1]).double().mean()
