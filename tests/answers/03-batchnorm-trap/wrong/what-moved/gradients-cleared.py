# misconception: model-left-changed
def what_moved(model, action):
    old = copy.deepcopy(model.state_dict())
    action()
    model.zero_grad()
    return [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, old[name])]
