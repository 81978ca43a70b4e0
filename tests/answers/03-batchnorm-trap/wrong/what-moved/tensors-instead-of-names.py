# misconception: wrong-result
def what_moved(model, action):
    old = copy.deepcopy(model.state_dict())
    action()
    return [tensor for name, tensor in model.state_dict().items() if not torch.equal(tensor, old[name])]
