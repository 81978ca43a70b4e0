# misconception: another-order-is-no-change
def depends_on_test(fit, train, test):
    features, labels = test
    before = fit(train, test)(train[0])
    order = torch.randperm(len(labels))
    found = set()
    if not torch.equal(fit(train, (features[order], labels[order]))(train[0]), before):
        found |= {"features", "labels"}
    return found
