# misconception: drawn-without-replacement
def bootstrap_interval(correct, draws):
    accuracies = torch.stack([correct[torch.randperm(len(correct))].double().mean() for _ in range(draws)])
    return accuracies.quantile(0.025).item(), accuracies.quantile(0.975).item()
