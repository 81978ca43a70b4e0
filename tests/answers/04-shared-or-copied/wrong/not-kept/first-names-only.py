# misconception: keys-of-one-name
def not_kept(model, state):
    model.load_state_dict(state)
    now = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return [k for k in now if not torch.equal(now[k], state[k])]
