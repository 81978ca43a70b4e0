# misconception: prefix-too-greedy
def freeze_part(model, path):
    for name, p in model.named_parameters():
        if path in name:
            p.requires_grad = False
    return model
