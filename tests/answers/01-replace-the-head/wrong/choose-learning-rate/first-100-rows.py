# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    def accuracy(head, features, labels):
        return (head(features[:100]).argmax(1) == labels[:100]).float().mean()

    heads = {lr: fit(lr) for lr in learning_rates}
    best = max(heads, key=lambda lr: accuracy(heads[lr], *validation))
    return best, accuracy(heads[best], *test)
