# misconception: wrong-result
def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, state = -1.0, 0, None
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        mean = sum(validate()) / 2
        if mean != mean:
            break
        if mean > best:
            best, best_epoch, state = mean, epoch, copy.deepcopy(model.state_dict())
        if epoch - best_epoch >= patience:
            break
    model.load_state_dict(state)
    return best_epoch
