# misconception: wrong-result
def put_back_after(backbone, train):
    s = {k: v.half() for k, v in backbone.state_dict().items()}
    r = train()
    backbone.load_state_dict(s)
    return r
