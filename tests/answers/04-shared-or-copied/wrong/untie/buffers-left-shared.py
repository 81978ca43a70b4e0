# misconception: buffers-still-shared
def untie(model):
    buffers = {id(b): b for b in model.buffers()}
    model.branches = nn.ModuleList(copy.deepcopy(branch, dict(buffers)) for branch in model.branches)
    return model
