# misconception: last-one-wins
def not_kept(model, state):
    model.load_state_dict(state)
    first, lost = {}, []
    for name, tensor in model.state_dict().items():
        if first.setdefault(tensor.data_ptr(), name) != name and not torch.equal(state[name], state[first[tensor.data_ptr()]]):
            lost.append(name)
    return lost
