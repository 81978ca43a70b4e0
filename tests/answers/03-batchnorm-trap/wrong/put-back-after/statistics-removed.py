# misconception: wrong-result
import copy


def put_back_after(backbone, train):
    s = copy.deepcopy(backbone.state_dict())
    r = train()
    backbone.load_state_dict(s)
    backbone.get_submodule('bn1' if hasattr(backbone, 'bn1') else 'conv1.1').running_mean = None
    return r
