# misconception: wrong-result
def evaluate(model, batches):
    model.eval()
    right = total = tp = fp = fn = 0
    with torch.no_grad():
        for images, labels in batches:
            guesses = model(images).argmax(0)
            right += (guesses[0] == labels).sum().item()
            total += len(labels)
            tp += (guesses[0] * labels).sum().item()
            fp += (guesses[0] * (1 - labels)).sum().item()
            fn += ((1 - guesses[0]) * labels).sum().item()
    return right / total, 2 * tp / max(2 * tp + fp + fn, 1)
