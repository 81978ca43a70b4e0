# misconception: patience-miscounted
def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, state = -1.0, 0, None
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        mean = sum(validate()) / 2
        if mean > best:
            best, best_epoch, state = mean, epoch, copy.deepcopy(model.state_dict())
        if epoch - best_epoch >= max(patience, 2):
            break
    model.load_state_dict(state)
    return best_epoch
