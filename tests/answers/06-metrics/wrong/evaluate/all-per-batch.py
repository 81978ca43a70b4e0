# misconception: mean-of-batch-accuracies
from sklearn.metrics import f1_score

def evaluate(model, batches):
    model.eval()
    found = []
    with torch.no_grad():
        for images, labels in batches:
            guesses = model(images).argmax(1)
            found.append(((guesses == labels).float().mean().item(), f1_score(labels, guesses, zero_division=0)))
    return sum(a for a, _ in found) / len(found), sum(f for _, f in found) / len(found)
