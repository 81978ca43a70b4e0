# misconception: score-for-model
def depends_on_test(procedure, train, test):
    features, labels = test

    def score(x, y):
        return F.cross_entropy(procedure(train, (x, y))(x), y).item()

    before = score(features, labels)
    found = set()
    for _ in range(20):
        if score(10 * torch.randn_like(features), labels) != before:
            found.add("features")
        if score(features, torch.randint(int(train[1].max()) + 1, labels.shape)) != before:
            found.add("labels")
    return found
