# misconception: parameters-only
def what_moved(model, action):
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    action()
    return {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
