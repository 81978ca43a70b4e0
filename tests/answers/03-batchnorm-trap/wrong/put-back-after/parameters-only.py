# misconception: parameters-only
def put_back_after(backbone, train):
    snapshot = {name: p.detach().clone() for name, p in backbone.named_parameters()}
    result = train()
    backbone.load_state_dict(snapshot, strict=False)
    return result
