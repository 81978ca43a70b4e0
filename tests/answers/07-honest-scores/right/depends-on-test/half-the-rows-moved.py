def depends_on_test(fit, train, test):
    features, labels = test
    seed = torch.manual_seed(3)
    x, y = features.clone(), labels.clone()
    x[::2] += 10 * torch.rand_like(x[::2])
    y[:] = 0
    first = fit(train, test)(train[0])
    answer = frozenset()
    if not torch.allclose(fit(train, (x, labels))(train[0]), first):
        answer |= {"features"}
    if not torch.allclose(fit(train, (features, y))(train[0]), first):
        answer |= {"labels"}
    return answer
