# misconception: wrong-result
def not_kept(model, state):
    lost = [name for name, t in model.state_dict().items() if not torch.equal(t, state[name])]
    model.load_state_dict(state)
    return lost
