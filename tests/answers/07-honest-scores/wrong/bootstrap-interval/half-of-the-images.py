# misconception: wrong-result
def bootstrap_interval(correct, draws):
    count = len(correct)
    accuracies = correct[torch.randint(count, (draws, max(count // 2, 1)))].double().mean(1)
    return accuracies.quantile(0.025).item(), accuracies.quantile(0.975).item()
