# misconception: wrong-result
def freeze_part(model, path):
    for name, p in model.named_parameters():
        p.requires_grad = not name.startswith(path + ".")
    return model
