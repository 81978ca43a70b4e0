# misconception: input-changed
def not_kept(model, state):
    model.load_state_dict(state)
    return [name for name, tensor in model.state_dict().items() if state[name].sub_(tensor).any()]
