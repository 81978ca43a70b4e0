def not_kept(model, state):
    mine = model.state_dict()
    for name, tensor in state.items():
        mine[name].copy_(tensor)
    return {name for name in state if (mine[name] != state[name]).any()}
