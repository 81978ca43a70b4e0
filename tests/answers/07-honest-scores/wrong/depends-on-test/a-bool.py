# misconception: wrong-result
def depends_on_test(fit, train, test):
    return not torch.equal(fit(train, test)(train[0]), fit(train, (test[0] + 1, test[1]))(train[0]))
