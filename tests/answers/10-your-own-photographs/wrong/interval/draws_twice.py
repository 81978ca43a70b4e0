# misconception: truth-and-prediction-apart
def interval(metric, truth, predicted, groups, draws):
    names = groups.unique()

    def rows():
        drawn = names[torch.randint(len(names), (len(names),))]
        return torch.cat([(groups == name).nonzero().flatten() for name in drawn])

    values = torch.tensor([float(metric(truth[rows()], predicted[rows()])) for _ in range(draws)])
    return values.quantile(0.025).item(), values.quantile(0.975).item()
