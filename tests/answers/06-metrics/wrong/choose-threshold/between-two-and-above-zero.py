# misconception: nothing-returned
def choose_threshold(probabilities, labels, purpose, least):
    levels = probabilities.unique().double()
    best, chosen = -1.0, None
    for low, high in zip([0.0, *levels.tolist()], levels.tolist()):
        flags = probabilities > (low + high) / 2
        tp = labels[flags].sum()
        rates = {"precision": tp / flags.sum(), "recall": tp / labels.sum()}
        floor = rates.pop(purpose)
        (prize,) = rates.values()
        if floor >= least and prize > best:
            best, chosen = prize, torch.tensor((low + high) / 2)
    return chosen
