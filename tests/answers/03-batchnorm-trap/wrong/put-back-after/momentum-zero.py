# misconception: model-left-changed
def put_back_after(backbone, train):
    norms = [layer for layer in backbone.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    snapshot = copy.deepcopy(backbone.state_dict())
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    result = train()
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    backbone.load_state_dict(snapshot)
    return result
