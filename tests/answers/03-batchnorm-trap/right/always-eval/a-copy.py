import copy


def always_eval(backbone):
    b = copy.deepcopy(backbone).eval()
    b.train = lambda mode=True: b
    return b
