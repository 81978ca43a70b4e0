# misconception: strict-is-no-proof
def not_kept(model, state):
    model.load_state_dict(state, strict=True)
    return set(model.state_dict()) ^ set(state)
