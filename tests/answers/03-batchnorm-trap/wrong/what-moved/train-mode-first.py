# misconception: model-left-changed
def what_moved(model, action):
    model.train()
    old = {k: v.clone() for k, v in model.state_dict().items()}
    action()
    return [k for k, v in model.state_dict().items() if not torch.equal(v, old[k])]
