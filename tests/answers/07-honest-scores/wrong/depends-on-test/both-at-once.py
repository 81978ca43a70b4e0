# misconception: wrong-result
def depends_on_test(fit, train, test):
    before = fit(train, test)(train[0])
    after = fit(train, (test[0] * 5 + 3, (test[1] + 1) % (test[1].max() + 1)))(train[0])
    return set() if torch.equal(before, after) else {"features", "labels"}
