# misconception: wrong-result
def depends_on_test(procedure, train, test):
    before = procedure(train, test)(train[0])
    others = [(10 * torch.randn_like(test[0]), test[1]) for _ in range(20)]
    return any(not torch.equal(procedure(train, other)(train[0]), before) for other in others)
