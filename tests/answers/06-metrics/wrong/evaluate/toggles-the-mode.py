# misconception: evaluated-in-train-mode
def evaluate(model, batches):
    model.train(not model.training)
    tp = fp = fn = tn = 0
    with torch.no_grad():
        for images, labels in batches:
            predicted = model(images).argmax(1)
            tp += ((predicted == 1) & (labels == 1)).sum().item()
            fp += ((predicted == 1) & (labels == 0)).sum().item()
            fn += ((predicted == 0) & (labels == 1)).sum().item()
            tn += ((predicted == 0) & (labels == 0)).sum().item()
    model.train(not model.training)
    return (tp + tn) / (tp + fp + fn + tn), 2 * tp / max(2 * tp + fp + fn, 1)
