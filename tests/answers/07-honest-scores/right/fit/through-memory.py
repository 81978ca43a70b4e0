import io

def fit(model, scheduler, batches, step, validate, epochs, patience):
    best, best_epoch, waited, file = -1.0, 0, 0, None
    for epoch in range(epochs):
        for batch in batches:
            step(batch)
        scheduler.step()
        fruit, fresh = validate()
        waited += 1
        if (fruit + fresh) / 2 > best:
            best, best_epoch, waited, file = (fruit + fresh) / 2, epoch, 0, io.BytesIO()
            torch.save(model.state_dict(), file)
        if waited == patience:
            break
    file.seek(0)
    model.load_state_dict(torch.load(file))
    return best_epoch
