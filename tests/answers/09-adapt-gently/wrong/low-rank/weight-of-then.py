# misconception: wrong-result
def low_rank(weight, rank):
    first = weight.detach().clone()

    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
            self.B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))

        def forward(self, weight):
            return first + (self.B @ self.A).view_as(weight)

    return LowRank()
