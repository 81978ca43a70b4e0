# misconception: wrong-result
def put_back_after(backbone, train):
    old = copy.deepcopy(backbone.state_dict())
    backbone.load_state_dict(old)
    return train()
