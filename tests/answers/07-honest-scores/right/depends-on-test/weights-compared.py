def depends_on_test(fit, train, test):
    def tensors(features, labels):
        return [tensor.clone() for tensor in fit(train, (features, labels)).state_dict().values()]

    features, labels = test
    before = tensors(features, labels)
    classes = 1 + max(train[1].max(), labels.max())
    changed = {
        "features": [(features * 0 + 9 * torch.rand(features.shape), labels) for _ in range(25)],
        "labels": [(features, torch.randint(int(classes), labels.shape)) for _ in range(25)],
    }
    return {name for name, pairs in changed.items() for pair in pairs if any(not torch.equal(a, b) for a, b in zip(tensors(*pair), before))}
