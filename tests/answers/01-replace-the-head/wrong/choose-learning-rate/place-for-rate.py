# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    heads = [fit(lr) for lr in learning_rates]
    accuracies = torch.stack([(head(validation[0]).argmax(1) == validation[1]).float().mean() for head in heads])
    best = int(accuracies.argmax())
    return best, (heads[best](test[0]).argmax(1) == test[1]).float().mean()
