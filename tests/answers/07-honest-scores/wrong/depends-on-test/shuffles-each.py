# misconception: another-order-is-no-change
def depends_on_test(fit, train, test):
    features, labels = test
    before = fit(train, test)(train[0])
    other = {"features": (features.flip(0), labels), "labels": (features, labels.flip(0))}
    return {name for name, pair in other.items() if not torch.equal(fit(train, pair)(train[0]), before)}
