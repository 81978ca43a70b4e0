# misconception: one-task-decides
def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, state = -1.0, 0, None
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        fruit, fresh = validate()
        mean = (fruit * fresh) ** 0.5
        if mean > best:
            best, best_epoch, state = mean, epoch, copy.deepcopy(model.state_dict())
        if epoch - best_epoch >= patience:
            break
    model.load_state_dict(state)
    return best_epoch
