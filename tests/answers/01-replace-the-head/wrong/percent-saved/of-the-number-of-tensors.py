# misconception: tensors-not-numbers
def percent_saved(model, n):
    return 100 * (1000 - n) * (model.fc.in_features + 1) / len(list(model.parameters()))
