# misconception: wrong-result
def depends_on_test(procedure, train, test):
    features, labels = test
    classes = int(train[1].max()) + 1
    expected = procedure(train, test)(train[0])
    def differs(other):
        return not torch.allclose(procedure(train, other)(train[0]), expected, atol=1e-2)
    found = set()
    for _ in range(20):
        if differs((10 * torch.randn_like(features), labels)):
            found.add("features")
        if differs((features, torch.randint(classes, labels.shape))):
            found.add("labels")
    return found
