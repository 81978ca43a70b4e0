# misconception: nothing-returned
def what_moved(model, action):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    action()
    print({name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])})
