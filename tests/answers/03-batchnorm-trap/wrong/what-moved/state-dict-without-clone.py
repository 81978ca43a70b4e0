# misconception: snapshot-without-clone
def what_moved(model, action):
    before = model.state_dict()
    action()
    return {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
