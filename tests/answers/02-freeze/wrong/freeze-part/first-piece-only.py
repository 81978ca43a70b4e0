# misconception: prefix-matches-nothing
def freeze_part(model, path):
    for name, p in model.named_parameters():
        if name.split(".")[0] == path:
            p.requires_grad = False
    return model
