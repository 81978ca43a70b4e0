# misconception: identity-is-not-memory
def stored_numbers(model):
    return sum(p.numel() for p in model.parameters())
