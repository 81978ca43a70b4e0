import copy


def what_moved(model, action):
    before = copy.deepcopy(model).state_dict()
    action()
    return sorted(name for name, tensor in model.state_dict().items() if (tensor != before[name]).any())
