def fit(model, scheduler, batches, step, validate, epochs, patience):
    means, states = [], []
    while len(means) < epochs and (not means or len(means) - 1 - means.index(max(means)) < patience):
        for batch in batches:
            step(batch)
        scheduler.step()
        means.append(sum(validate()))
        states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
    best = means.index(max(means))
    for name, tensor in model.state_dict().items():
        tensor.copy_(states[best][name])
    return best
