# misconception: wrong-result
def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, best_state = 0.0, 0, copy.deepcopy(model.state_dict())
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        mean = sum(validate()) / 2
        if mean > best:
            best, best_epoch, best_state = mean, epoch, copy.deepcopy(model.state_dict())
        if epoch - best_epoch >= patience:
            break
    model.load_state_dict(best_state)
    return best_epoch
