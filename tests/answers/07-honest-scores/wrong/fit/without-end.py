# misconception: wrong-result
def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, state, epoch = -1.0, 0, None, -1
    while epoch - best_epoch < patience:
        epoch += 1
        for batch in batches:
            step(batch)
        scheduler.step()
        mean = sum(validate()) / 2
        if mean > best:
            best, best_epoch, state = mean, epoch, copy.deepcopy(model.state_dict())
    model.load_state_dict(state)
    return best_epoch
