def adapter_state(model):
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    names += [name for name, _ in model.named_buffers()]
    state = model.state_dict()
    return {name: torch.tensor(state[name].tolist(), dtype=state[name].dtype) for name in names if name in state}
