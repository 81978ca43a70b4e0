# misconception: wrong-result
def evaluate(model, batches):
    model.eval()
    tp = fp = fn = tn = torch.tensor(0, dtype=torch.uint8)
    with torch.no_grad():
        for images, labels in batches:
            predicted = model(images).argmax(1)
            tp = tp + ((predicted == 1) & (labels == 1)).sum().byte()
            fp = fp + ((predicted == 1) & (labels == 0)).sum().byte()
            fn = fn + ((predicted == 0) & (labels == 1)).sum().byte()
            tn = tn + ((predicted == 0) & (labels == 0)).sum().byte()
    tp, fp, fn, tn = (int(n) for n in (tp, fp, fn, tn))
    return (tp + tn) / (tp + fp + fn + tn), 2 * tp / max(2 * tp + fp + fn, 1)
