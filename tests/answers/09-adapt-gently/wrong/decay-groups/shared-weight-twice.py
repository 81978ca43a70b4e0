# misconception: parameter-twice
def decay_groups(model, decay):
    live = [p for m in model.modules() for p in m.parameters(recurse=False) if p.requires_grad]
    return [{"params": [p for p in live if p.ndim >= 2], "weight_decay": decay},
            {"params": [p for p in live if p.ndim < 2], "weight_decay": 0.0}]
