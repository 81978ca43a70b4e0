# misconception: nothing-returned
def decay_groups(model, decay):
    for p in model.parameters():
        p.weight_decay = decay if p.ndim >= 2 else 0.0
