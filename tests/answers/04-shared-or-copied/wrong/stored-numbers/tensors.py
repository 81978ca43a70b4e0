# misconception: tensors-not-numbers
def stored_numbers(model):
    return len(list(model.parameters()))
