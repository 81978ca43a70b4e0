def interval(metric, truth, predicted, groups, draws):
    names, number = groups.unique(return_inverse=True)
    values = torch.empty(draws, dtype=torch.float64)
    for draw in range(draws):
        times = torch.multinomial(torch.ones(len(names)), len(names), replacement=True)
        times = times.bincount(minlength=len(names))[number]
        values[draw] = float(metric(truth.repeat_interleave(times),
                                    predicted.repeat_interleave(times, dim=0)))
    return values.quantile(torch.tensor([0.025, 0.975]).double()).unbind()
