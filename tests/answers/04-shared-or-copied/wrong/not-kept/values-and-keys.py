# misconception: wrong-result
def not_kept(model, state):
    model.load_state_dict(state)
    return [(name, tensor) for name, tensor in model.state_dict().items() if not torch.equal(tensor, state[name])]
