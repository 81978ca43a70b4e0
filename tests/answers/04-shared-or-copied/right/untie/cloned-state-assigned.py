def untie(model):
    skeletons = [copy.deepcopy(branch).to("meta") for branch in model.branches]
    for new, old in zip(skeletons, model.branches):
        new.load_state_dict({name: t.clone() for name, t in old.state_dict().items()}, assign=True)
    model.branches = nn.ModuleList(skeletons)
    return model
