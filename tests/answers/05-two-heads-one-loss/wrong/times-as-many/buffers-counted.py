# misconception: buffers-counted
def times_as_many(model):
    backbone, whole = (sum(t.numel() for t in part.state_dict().values()) for part in (model.backbone, model))
    return (backbone + whole) / whole
