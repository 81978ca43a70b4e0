def head_inputs(model):
    return model.fc.weight.shape[1]
