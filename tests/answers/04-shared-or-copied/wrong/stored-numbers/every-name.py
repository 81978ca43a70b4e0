# misconception: counted-from-state-dict
def stored_numbers(model):
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
