def choose_learning_rate(learning_rates, fit, validation, test):
    best_rate, best_head, best_accuracy = None, None, -1.0
    for rate in learning_rates:
        head = fit(rate)
        head.eval()
        with torch.no_grad():
            accuracy = (head(validation[0]).argmax(dim=1) == validation[1]).double().mean()
        if accuracy > best_accuracy:
            best_rate, best_head, best_accuracy = rate, head, accuracy
    return best_rate, (best_head(test[0]).argmax(dim=1) == test[1]).double().mean()
