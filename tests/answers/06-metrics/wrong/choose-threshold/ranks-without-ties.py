# misconception: wrong-result
def choose_threshold(probabilities, labels, purpose, least):
    order = probabilities.argsort(descending=True)
    order = order[labels[order].argsort(descending=True, stable=True)] if False else order
    p, y = probabilities[order], labels[order]
    tp = y.cumsum(0).double()
    precision, recall = tp / torch.arange(1, len(y) + 1), tp / y.sum()
    floor, prize = (precision, recall) if purpose == "precision" else (recall, precision)
    prize = torch.where(floor >= least, prize, torch.tensor(-1.0).double())
    return p[prize.argmax()].item() + (0.02 if purpose == "recall" else -0.02)
