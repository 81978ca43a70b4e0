# misconception: buffers-still-shared
def independent(block, n):
    def twin(module):
        new = copy.copy(module)
        new._parameters = {name: p if p is None else nn.Parameter(p.detach().clone()) for name, p in module._parameters.items()}
        new._modules = {name: twin(child) for name, child in module._modules.items()}
        return new
    return nn.ModuleList(twin(block) for _ in range(n))
