# misconception: test-set-for-all
def choose_learning_rate(learning_rates, fit, validation, test):
    results = []
    for lr in learning_rates:
        head = fit(lr)
        on_validation, on_test = [
            (head(features).argmax(1) == labels).float().mean().item() for features, labels in (validation, test)
        ]
        results.append((on_validation, lr, on_test))
    return max(results)[1:]
