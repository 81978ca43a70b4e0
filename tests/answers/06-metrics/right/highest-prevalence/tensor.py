def highest_prevalence(accuracy, recall):
    return (1 - torch.tensor(accuracy)) / (1 - torch.tensor([recall]))
