def freeze_part(model, path):
    part = model.get_submodule(path).eval()
    mine = set(part.parameters())
    for p in model.parameters():
        p.requires_grad_(p.requires_grad and p not in mine)
    return model
