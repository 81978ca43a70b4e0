def freeze_part(model, path):
    part = model
    for piece in path.split("."):
        part = getattr(part, piece)
    for p in part.parameters():
        p.requires_grad_(False)
    return model
