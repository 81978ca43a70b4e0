# misconception: nothing-returned
import copy


def put_back_after(backbone, train):
    snapshot = copy.deepcopy(backbone.state_dict())
    train()
    backbone.load_state_dict(snapshot)
