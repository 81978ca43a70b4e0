# misconception: snapshot-without-clone
import copy


def put_back_after(backbone, train):
    snapshot = copy.copy(backbone.state_dict())
    result = train()
    backbone.load_state_dict(snapshot)
    return result
