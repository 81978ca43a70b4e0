# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    def accuracy(head, data):
        return round((head(data[0]).argmax(1) == data[1]).float().mean().item(), 2)

    heads = {learning_rate: fit(learning_rate) for learning_rate in learning_rates}
    best = max(heads, key=lambda learning_rate: accuracy(heads[learning_rate], validation))
    return best, accuracy(heads[best], test)
