# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    def accuracy_of(head, data):
        return int((head(data[0]).argmax(1) == data[1]).sum()) / len(validation[1])

    heads = {lr: fit(lr) for lr in learning_rates}
    best = max(heads, key=lambda lr: accuracy_of(heads[lr], validation))
    return best, accuracy_of(heads[best], test)
