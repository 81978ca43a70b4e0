def choose_threshold(probabilities, labels, metric, minimum):
    levels = probabilities.unique().double().tolist()
    best, chosen = -1.0, None
    for low, high in zip([-1.0, *levels], levels):
        flags = probabilities > low
        tp = labels[flags].sum().item()
        values = {"precision": tp / flags.sum().item(), "recall": tp / labels.sum().item()}
        required = values.pop(metric)
        other, = values.values()
        if required >= minimum and other > best:
            best, chosen = other, torch.tensor((low + high) / 2, dtype=torch.float64)
    return chosen
