# misconception: model-left-changed
def what_moved(model, action):
    old = {k: v.clone() for k, v in model.state_dict().items()}
    action()
    model.eval()
    return [k for k, v in model.state_dict().items() if not torch.equal(v, old[k])]
