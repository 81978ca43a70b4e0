# misconception: values-left-out
def what_moved(model, action):
    before = {name: tensor.double().sum().item() for name, tensor in model.state_dict().items()}
    action()
    return {name for name, tensor in model.state_dict().items() if abs(tensor.double().sum().item() - before[name]) > 1e-9}
