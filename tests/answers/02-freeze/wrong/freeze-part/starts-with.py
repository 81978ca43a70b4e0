# misconception: prefix-too-greedy
def freeze_part(model, path):
    for name, p in model.named_parameters():
        if name.startswith(path):
            p.requires_grad = False
    return model
