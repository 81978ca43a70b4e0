def times_as_many(model):
    whole = sum(p.numel() for p in model.parameters())
    return 1 + sum(p.numel() for name, p in model.named_parameters() if name.startswith("backbone.")) / whole
