# misconception: wrong-result
def bootstrap_interval(correct, draws):
    count = len(correct)
    accuracies = correct[torch.randint(count, (draws, count))].double().mean(1)
    return accuracies.quantile(0.025).item(), accuracies.median().item()
