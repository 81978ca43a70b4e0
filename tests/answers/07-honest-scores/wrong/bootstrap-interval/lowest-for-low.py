# misconception: wrong-result
def bootstrap_interval(correct, draws):
    count = len(correct)
    accuracies = correct[torch.randint(count, (draws, count))].double().mean(1)
    return accuracies.min().item(), accuracies.quantile(0.975).item()
