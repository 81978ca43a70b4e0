# misconception: tensors-not-numbers
def count_parameters(model):
    return len(list(model.parameters()))
