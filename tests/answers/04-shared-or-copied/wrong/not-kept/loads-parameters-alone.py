# misconception: wrong-result
def not_kept(model, state):
    with torch.no_grad():
        for name, p in model.named_parameters(remove_duplicate=False):
            p.copy_(state[name])
    return [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, state[name])]
