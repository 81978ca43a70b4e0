# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    heads = {lr: fit(lr) for lr in learning_rates}

    def confidence(lr):
        return heads[lr](validation[0]).softmax(1).max(1).values.mean()

    best = max(heads, key=confidence)
    return best, (heads[best](test[0]).argmax(1) == test[1]).float().mean()
