# misconception: wrong-result
def low_rank(weight, rank):
    A = nn.Parameter(torch.randn(rank, weight[0].numel()))
    B = nn.Parameter(torch.zeros(len(weight), rank))
    return weight + (B @ A).view_as(weight)
