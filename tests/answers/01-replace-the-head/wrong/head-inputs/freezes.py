# misconception: model-left-changed
def head_inputs(model):
    for p in model.parameters():
        p.requires_grad = False
    return model.fc.in_features
