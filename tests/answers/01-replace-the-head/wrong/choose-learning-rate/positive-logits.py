# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    def accuracy(head, features, labels):
        predicted = (head(features) > 0).int().argmax(1)
        return (predicted == labels).float().mean().item()

    heads = {lr: fit(lr) for lr in learning_rates}
    best = max(heads, key=lambda lr: accuracy(heads[lr], *validation))
    return best, accuracy(heads[best], *test)
