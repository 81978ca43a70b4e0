# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    def accuracy(head, features, labels):
        return (head(features).argmax(1) == labels).float().mean().item()

    heads = {lr: fit(lr) for lr in learning_rates}
    return max(heads, key=lambda lr: accuracy(heads[lr], *validation))
