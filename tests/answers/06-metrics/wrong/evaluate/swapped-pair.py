# misconception: wrong-result
from sklearn.metrics import f1_score, accuracy_score


def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        g = torch.cat([model(x).argmax(1) for x, _ in batches])
    t = torch.cat([y for _, y in batches])
    return f1_score(t, g), accuracy_score(t, g)
