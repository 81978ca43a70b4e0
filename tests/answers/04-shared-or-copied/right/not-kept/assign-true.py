def not_kept(model, state):
    model.load_state_dict(state, assign=True)
    return [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, state[name])]
