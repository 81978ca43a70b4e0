# misconception: model-left-changed
def put_back_after(backbone, train):
    old = copy.deepcopy(backbone.state_dict())
    backbone.requires_grad_(False)
    out = train()
    backbone.load_state_dict(old)
    return out
