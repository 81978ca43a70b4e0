# misconception: wrong-result
def head_inputs(model):
    return model.fc.out_features
