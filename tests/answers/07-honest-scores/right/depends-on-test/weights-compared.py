def depends_on_test(fit, train, test):
    def weights(features, labels):
        head = fit(train, (features, labels))
        return [*head.parameters(), *head.buffers()]

    features, labels = test
    before = weights(features, labels)
    changed = {"features": (torch.zeros_like(features), labels), "labels": (features, labels.max() - labels)}
    return {name for name, pair in changed.items() if any(not torch.equal(a, b) for a, b in zip(weights(*pair), before))}
