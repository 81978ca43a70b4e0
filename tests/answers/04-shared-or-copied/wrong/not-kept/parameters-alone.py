# misconception: buffers-left-out
def not_kept(model, state):
    model.load_state_dict(state)
    return [name for name, p in model.named_parameters(remove_duplicate=False) if not torch.equal(p, state[name])]
