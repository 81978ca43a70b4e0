# misconception: fit-again
def choose_learning_rate(learning_rates, fit, validation, test):
    def accuracy_of(head, features, labels):
        return (head(features).argmax(1) == labels).float().mean().item()

    best = max(learning_rates, key=lambda lr: accuracy_of(fit(lr), *validation))
    return best, accuracy_of(fit(best), *test)
