# misconception: predictions-for-outputs
def depends_on_test(procedure, train, test):
    def predictions(test):
        return procedure(train, test)(train[0]).argmax(1)

    features, labels = test
    before = predictions(test)
    found = set()
    for _ in range(20):
        if not torch.equal(predictions((torch.randn_like(features), labels)), before):
            found.add("features")
        others = torch.randint(int(labels.max()) + 1, labels.shape)
        if not torch.equal(predictions((features, others)), before):
            found.add("labels")
    return found
