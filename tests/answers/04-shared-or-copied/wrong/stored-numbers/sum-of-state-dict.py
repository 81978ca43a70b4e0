# misconception: counted-from-state-dict
def stored_numbers(model):
    return sum(t.numel() for t in model.state_dict().values())
