# misconception: wrong-result
def what_moved(model, action):
    old = copy.deepcopy(model.state_dict())
    action()
    return {name: not torch.equal(tensor, old[name]) for name, tensor in model.state_dict().items()}
