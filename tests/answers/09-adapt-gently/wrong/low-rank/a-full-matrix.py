# misconception: more-than-two-factors
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
            self.B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))
            self.change = nn.Parameter(torch.zeros_like(weight))

        def forward(self, weight):
            return weight + (self.B @ self.A).view_as(weight) + self.change

    return LowRank()
