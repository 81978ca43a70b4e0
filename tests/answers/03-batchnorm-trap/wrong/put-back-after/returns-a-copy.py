# misconception: wrong-result
import copy


def put_back_after(backbone, train):
    s = copy.deepcopy(backbone.state_dict())
    r = copy.deepcopy(train())
    backbone.load_state_dict(s)
    return r
