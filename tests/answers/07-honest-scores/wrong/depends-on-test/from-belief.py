# misconception: answer-from-memory
def depends_on_test(fit, train, test):
    return {"features", "labels"}
