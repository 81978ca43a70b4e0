# misconception: snapshot-without-clone
def put_back_after(backbone, train):
    snapshot = backbone.state_dict()
    result = train()
    backbone.load_state_dict(snapshot)
    return result
