# misconception: part-not-frozen
def freeze_part(model, path):
    for name, parameter in model.named_parameters():
        if name.startswith(f"{path}.") and name.endswith("bias"):
            parameter.requires_grad = False
    return model
