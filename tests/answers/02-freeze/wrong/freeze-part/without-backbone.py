# misconception: prefix-matches-nothing
def freeze_part(model, path):
    path = path.removeprefix("backbone.")
    for name, p in model.named_parameters():
        if name.startswith(path + "."):
            p.requires_grad = False
    return model
