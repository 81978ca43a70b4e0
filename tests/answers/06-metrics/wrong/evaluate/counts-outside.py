# misconception: metric-never-reset
counts = {"right": 0, "total": 0, "tp": 0, "wrong": 0}

def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        for images, labels in batches:
            guesses = model(images).argmax(1)
            counts["right"] += (guesses == labels).sum().item()
            counts["total"] += len(labels)
            counts["tp"] += (guesses * labels).sum().item()
            counts["wrong"] += (guesses != labels).sum().item()
    return counts["right"] / counts["total"], 2 * counts["tp"] / max(2 * counts["tp"] + counts["wrong"], 1)
