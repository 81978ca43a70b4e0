def not_kept(model, state):
    model.load_state_dict(state)
    now = model.state_dict()
    return filter(lambda name: not torch.equal(now[name], state[name]), now)
