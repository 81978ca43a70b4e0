def depends_on_test(fit, train, test):
    features, labels = test
    n = min(len(features), len(train[0]))
    heads = fit(train, (features[:n], labels[:n])), fit(train, (train[0][:n], labels[:n])), fit(train, (features[:n], train[1][:n]))
    with torch.no_grad():
        first, second, third = (head(train[0]) for head in heads)
    found = []
    if (first - second).abs().max() > 1e-6:
        found.append("features")
    if (first - third).abs().max() > 1e-6:
        found.append("labels")
    return found
