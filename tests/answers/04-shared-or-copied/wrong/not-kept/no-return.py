# misconception: nothing-returned
def not_kept(model, state):
    model.load_state_dict(state)
