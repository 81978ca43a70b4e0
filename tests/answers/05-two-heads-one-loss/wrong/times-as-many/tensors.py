# misconception: tensors-not-numbers
def times_as_many(model):
    backbone, whole = len(list(model.backbone.parameters())), len(list(model.parameters()))
    return (backbone + whole) / whole
