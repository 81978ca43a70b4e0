# misconception: patience-against-the-last-epoch
def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, state, last, worse = -1.0, 0, None, -1.0, 0
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        mean = sum(validate()) / 2
        if mean > best:
            best, best_epoch, state = mean, epoch, copy.deepcopy(model.state_dict())
        worse = 0 if mean > last else worse + 1
        last = mean
        if worse == patience:
            break
    model.load_state_dict(state)
    return best_epoch
