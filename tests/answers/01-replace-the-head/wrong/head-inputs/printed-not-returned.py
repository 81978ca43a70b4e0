# misconception: nothing-returned
def head_inputs(model):
    print(model.fc.in_features)
