# misconception: wrong-result
def evaluate(model, batches):
    model.eval()
    counts = torch.zeros(4, dtype=torch.float16)
    with torch.no_grad():
        for images, labels in batches:
            cells = 2 * labels + model(images).argmax(1)
            counts += cells.bincount(minlength=4).half()
    tn, fp, fn, tp = counts.tolist()
    return (tp + tn) / (tp + fp + fn + tn), 2 * tp / max(2 * tp + fp + fn, 1)
