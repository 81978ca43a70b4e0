# misconception: wrong-result
def not_kept(model, state):
    model.load_state_dict(state)
    return sum(not torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
