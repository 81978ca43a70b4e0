# misconception: score-for-model
def depends_on_test(procedure, train, test):
    features, labels = test
    classes = int(train[1].max()) + 1
    expected = procedure(train, test)(features)
    found = set()
    for k in range(20):
        other = 10 * torch.randn_like(features)
        if not torch.equal(procedure(train, (other, labels))(other), expected):
            found.add("features")
        if not torch.equal(procedure(train, (features, torch.randint(classes, labels.shape)))(features), expected):
            found.add("labels")
    return found
