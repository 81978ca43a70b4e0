# misconception: wrong-result
def not_kept(model, state):
    return [name for name, t in model.state_dict().items() if not torch.equal(t, state[name])]
