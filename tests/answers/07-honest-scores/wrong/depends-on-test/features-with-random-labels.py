# misconception: one-change-tried
def depends_on_test(procedure, train, test):
    features, labels = test
    classes = int(train[1].max()) + 1
    expected = procedure(train, test)(train[0])
    found = set()
    for _ in range(20):
        random_labels = torch.randint(classes, labels.shape)
        one = procedure(train, (features, random_labels))(train[0])
        if not torch.equal(one, expected):
            found.add("labels")
        other = procedure(train, (10 * torch.randn_like(features), random_labels))(train[0])
        if not torch.equal(other, one):
            found.add("features")
    return found
