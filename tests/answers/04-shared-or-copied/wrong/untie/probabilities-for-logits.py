# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    forward = model.forward
    model.forward = lambda images: [logits.softmax(1) for logits in forward(images)]
    return model
