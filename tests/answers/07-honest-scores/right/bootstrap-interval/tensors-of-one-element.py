def bootstrap_interval(correct, draws):
    picks = torch.randint(len(correct), (draws, len(correct)))
    accuracies = correct[picks].double().mean(1)
    return accuracies.quantile(torch.tensor([0.025, 0.975]).double()).split(1)
