# misconception: patience-miscounted
def fit(model, scheduler, batches, step, validate, epochs, patience):
    bad, best, best_epoch, state = 0, -1.0, 0, None
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        mean = sum(validate()) / 2
        if mean > best:
            best, best_epoch, state = mean, epoch, copy.deepcopy(model.state_dict())
        else:
            bad += 1
            if bad == patience:
                break
    model.load_state_dict(state)
    return best_epoch
