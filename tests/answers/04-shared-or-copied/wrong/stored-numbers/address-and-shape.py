# misconception: identity-is-not-memory
def stored_numbers(model):
    return sum({(p.data_ptr(), p.shape): p.numel() for p in model.parameters()}.values())
