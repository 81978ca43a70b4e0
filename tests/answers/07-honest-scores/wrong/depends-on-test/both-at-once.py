# misconception: wrong-result
def depends_on_test(procedure, train, test):
    before = procedure(train, test)(train[0])
    for _ in range(30):
        other = 10 * torch.randn_like(test[0]), torch.randint(int(train[1].max()) + 1, test[1].shape)
        if not torch.equal(procedure(train, other)(train[0]), before):
            return {"features", "labels"}
    return set()
