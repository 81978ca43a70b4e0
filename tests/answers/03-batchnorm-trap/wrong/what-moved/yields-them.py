# misconception: wrong-result
def what_moved(model, action):
    old = copy.deepcopy(dict(model.state_dict()))
    action()
    for k, v in model.state_dict().items():
        if not torch.equal(v, old[k]):
            yield k
