# misconception: equal-is-not-shared
def stored_numbers(model):
    values = {p.detach().numpy().tobytes(): p.numel() for p in model.parameters()}
    return sum(values.values())
