# misconception: wrong-result
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()
    values = []
    for _ in range(draws):
        drawn = names[torch.randint(len(names), (len(names),))]
        rows = torch.cat([(groups == name).nonzero().flatten() for name in drawn])
        right = predicted.reshape(len(predicted), -1)[rows, 0] == truth[rows]
        values.append(right.double().mean().item())
    values = torch.tensor(values)
    return values.quantile(0.025).item(), values.quantile(0.975).item()
