# misconception: snapshot-incomplete
def put_back_after(backbone, train):
    snapshot = {name: t.clone() for name, t in backbone.state_dict().items() if "num_batches" not in name}
    result = train()
    backbone.load_state_dict(snapshot, strict=False)
    return result
