# misconception: wrong-result
def what_moved(model, action):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    action
    return [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
