# misconception: another-order-is-no-change
def depends_on_test(procedure, train, test):
    features, labels = test
    classes = int(train[1].max()) + 1
    before = procedure(train, test)(train[0])
    found = set()
    for _ in range(30):
        if not torch.equal(procedure(train, (10 * torch.randn_like(features), labels))(train[0]), before):
            found.add("features")
        if not torch.equal(procedure(train, (features, labels[torch.randperm(len(labels))]))(train[0]), before):
            found.add("labels")
    return found
