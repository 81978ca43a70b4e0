# misconception: score-for-model
def depends_on_test(fit, train, test):
    features, labels = test

    def score(x, y):
        return F.cross_entropy(fit(train, (x, y))(x), y).item()

    before = score(features, labels)
    other = {"features": (features + 1, labels), "labels": (features, (labels + 1) % (labels.max() + 1))}
    return {name for name, (x, y) in other.items() if score(x, y) != before}
