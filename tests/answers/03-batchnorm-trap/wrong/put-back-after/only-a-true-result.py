# misconception: wrong-result
def put_back_after(backbone, train):
    snapshot = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    result = train()
    backbone.load_state_dict(snapshot)
    return result or backbone
