def not_kept(model, state):
    model.load_state_dict(state)
    last = {t.data_ptr(): name for name, t in model.state_dict().items()}
    return [name for name, t in model.state_dict().items() if not torch.equal(state[name], state[last[t.data_ptr()]])]
