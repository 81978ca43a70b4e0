# misconception: wrong-result
def two_learning_rates(model, head_lr, backbone_lr):
    return model
