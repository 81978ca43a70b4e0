# misconception: wrong-result
def depends_on_test(procedure, train, test):
    features, labels = test
    expected = procedure(train, test)(train[0])
    def differs(other):
        return not torch.equal(procedure(train, other)(train[0]), expected)
    found = set()
    for _ in range(20):
        if differs((10 * torch.randn_like(features), labels)):
            found.add("features")
        if differs((features, torch.randint(2, labels.shape))):
            found.add("labels")
    return found
