# misconception: wrong-result
def depends_on_test(fit, train, test):
    before = fit(train, test)(train[0])
    return {"features"} if not torch.equal(fit(train, (test[0] * 5 + 3, test[1]))(train[0]), before) else set()
