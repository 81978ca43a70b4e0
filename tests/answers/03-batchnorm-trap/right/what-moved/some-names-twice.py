def what_moved(model, action):
    named = [*model.named_parameters(), *model.state_dict().items()]
    before = [tensor.detach().clone() for _, tensor in named]
    action()
    return [name for (name, now), then in zip(named, before) if not torch.equal(now, then)]
