# misconception: not-the-f1-of-class-1
from sklearn.metrics import f1_score, accuracy_score


def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        g = torch.cat([model(x).argmax(1) for x, _ in batches])
    t = torch.cat([y for _, y in batches])
    return accuracy_score(t, g), f1_score(t, g, average="weighted", zero_division=0)
