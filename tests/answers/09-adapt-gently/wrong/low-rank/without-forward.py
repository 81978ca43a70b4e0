# misconception: wrong-result
def low_rank(weight, rank):
    module = nn.Module()
    module.A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
    module.B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))
    return module
