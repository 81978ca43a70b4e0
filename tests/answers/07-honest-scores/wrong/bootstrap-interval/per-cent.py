# misconception: wrong-result
def bootstrap_interval(correct, draws):
    count = len(correct)
    accuracies = correct[torch.randint(count, (draws, count))].double().mean(1)
    return 100 * accuracies.quantile(0.025).item(), 100 * accuracies.quantile(0.975).item()
