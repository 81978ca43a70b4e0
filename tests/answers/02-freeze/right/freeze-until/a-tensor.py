def freeze_until(model, stage):
    import itertools
    model.requires_grad_(True)
    if stage is not None:
        names = [name for name, _ in model.named_children()]
        for name in itertools.takewhile(lambda name: name != stage, names):
            getattr(model, name).requires_grad_(False)
        getattr(model, stage).requires_grad_(False)
    return torch.tensor([p.numel() for p in model.parameters() if p.requires_grad]).sum()
