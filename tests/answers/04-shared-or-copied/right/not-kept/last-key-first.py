def not_kept(model, state):
    model.load_state_dict(state)
    mine = model.state_dict()
    for name in reversed(list(state)):
        mine[name].copy_(state[name])
    return {name for name in state if not torch.equal(mine[name], state[name])}
