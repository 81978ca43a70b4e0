# misconception: f1-averaged-per-batch
def evaluate(model, batches):
    model.eval()
    right, total, f1s = 0, 0, []
    with torch.no_grad():
        for images, labels in batches:
            guesses = model(images).argmax(1)
            right += (guesses == labels).sum().item()
            total += len(labels)
            tp = (guesses * labels).sum().item()
            wrong = (guesses != labels).sum().item()
            if tp + wrong:
                f1s.append(2 * tp / max(2 * tp + wrong, 1))
    return right / total, sum(f1s) / len(f1s)
