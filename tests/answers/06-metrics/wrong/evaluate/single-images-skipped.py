# misconception: wrong-result
def evaluate(model, batches):
    model.eval()
    tp = fp = fn = tn = 0
    with torch.no_grad():
        for images, labels in batches:
            if len(images) == 1:
                continue
            predicted = model(images).argmax(1)
            tp += ((predicted == 1) & (labels == 1)).sum().item()
            fp += ((predicted == 1) & (labels == 0)).sum().item()
            fn += ((predicted == 0) & (labels == 1)).sum().item()
            tn += ((predicted == 0) & (labels == 0)).sum().item()
    return (tp + tn) / (tp + fp + fn + tn), 2 * tp / max(2 * tp + fp + fn, 1)
