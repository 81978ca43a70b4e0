def adapter_state(model):
    state = copy.deepcopy(model.state_dict())
    for name, p in model.named_parameters():
        if not p.requires_grad:
            del state[name]
    return state
