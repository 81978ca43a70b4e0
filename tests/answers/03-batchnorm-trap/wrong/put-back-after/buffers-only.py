# misconception: snapshot-incomplete
def put_back_after(backbone, train):
    snapshot = {name: b.clone() for name, b in backbone.named_buffers()}
    result = train()
    backbone.load_state_dict(snapshot, strict=False)
    return result
