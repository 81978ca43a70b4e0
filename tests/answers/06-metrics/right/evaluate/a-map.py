def evaluate(model, batches):
    model.eval()
    counts = torch.zeros(2, 2, dtype=torch.int64)
    for images, labels in batches:
        cells = 2 * labels + model(images).argmax(1)
        counts += cells.bincount(minlength=4).view(2, 2)
    (tn, fp), (fn, tp) = counts.tolist()
    return map(float, ((tp + tn) / counts.sum(), 2 * tp / max(2 * tp + fp + fn, 1)))
