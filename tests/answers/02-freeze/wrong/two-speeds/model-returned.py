# misconception: wrong-result
def two_speeds(model, head_rate, backbone_rate):
    return model
