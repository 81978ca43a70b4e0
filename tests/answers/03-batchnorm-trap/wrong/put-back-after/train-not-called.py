# misconception: wrong-result
def put_back_after(backbone, train):
    snapshot = copy.deepcopy(backbone.state_dict())
    result = train
    backbone.load_state_dict(snapshot)
    return result
