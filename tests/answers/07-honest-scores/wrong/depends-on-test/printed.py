# misconception: nothing-returned
def depends_on_test(fit, train, test):
    print(fit(train, test))
