# misconception: not-the-f1-of-class-1
def evaluate(model, batches):
    model.eval()
    right = total = tp = fp = fn = 0
    with torch.no_grad():
        for images, labels in batches:
            guesses = model(images).argmax(1)
            right += (guesses == labels).sum().item()
            total += len(labels)
            tp += ((1 - guesses) * (1 - labels)).sum().item()
            fp += (guesses * (1 - labels)).sum().item()
            fn += ((1 - guesses) * labels).sum().item()
    return right / total, 2 * tp / max(2 * tp + fp + fn, 1)
