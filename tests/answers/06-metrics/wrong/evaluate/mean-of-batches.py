# misconception: mean-of-batch-accuracies
def evaluate(model, batches):
    model.eval()
    accuracies, tp, fp, fn = [], 0, 0, 0
    with torch.no_grad():
        for images, labels in batches:
            guesses = model(images).argmax(1)
            accuracies.append((guesses == labels).float().mean().item())
            tp += (guesses * labels).sum().item()
            fp += (guesses * (1 - labels)).sum().item()
            fn += ((1 - guesses) * labels).sum().item()
    return sum(accuracies) / len(accuracies), 2 * tp / max(2 * tp + fp + fn, 1)
