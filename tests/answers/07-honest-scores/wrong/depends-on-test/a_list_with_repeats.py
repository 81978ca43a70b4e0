# misconception: wrong-result
def depends_on_test(procedure, train, test):
    def outputs(test):
        return procedure(train, test)(train[0])

    features, labels = test
    before = outputs(test)
    found = []
    for _ in range(20):
        if not torch.equal(outputs((torch.randn_like(features), labels)), before):
            found.append("features")
        others = torch.randint(int(labels.max()) + 1, labels.shape)
        if not torch.equal(outputs((features, others)), before):
            found.append("labels")
    return found
