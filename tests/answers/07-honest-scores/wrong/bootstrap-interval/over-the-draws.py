# misconception: averaged-over-the-draws
def bootstrap_interval(correct, draws):
    count = len(correct)
    accuracies = correct[torch.randint(count, (draws, count))].double().mean(0)
    return accuracies.quantile(0.025).item(), accuracies.quantile(0.975).item()
