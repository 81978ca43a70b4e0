# misconception: wrong-result
def freeze_part(model, path):
    return model.requires_grad_(False)
