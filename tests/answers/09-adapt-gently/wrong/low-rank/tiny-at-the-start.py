# misconception: change-at-the-start
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
            self.B = nn.Parameter(torch.full((len(weight), rank), 1e-6, dtype=weight.dtype))

        def forward(self, weight):
            return weight + (self.B @ self.A).view_as(weight)

    return LowRank()
