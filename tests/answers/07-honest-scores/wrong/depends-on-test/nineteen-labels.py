# misconception: one-change-tried
def depends_on_test(procedure, train, test):
    features, labels = test
    classes = int(train[1].max()) + 1
    expected = procedure(train, test)(train[0])
    found = set()
    for _ in range(20):
        if not torch.equal(procedure(train, (10 * torch.randn_like(features), labels))(train[0]), expected):
            found.add("features")
    for _ in range(19):
        if not torch.equal(procedure(train, (features, torch.randint(classes, labels.shape)))(train[0]), expected):
            found.add("labels")
    return found
