# misconception: more-than-two-factors
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
            self.B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))
            self.register_buffer("scale", torch.ones((), dtype=weight.dtype))

        def forward(self, weight):
            return weight + self.scale * (self.B @ self.A).view_as(weight)

    return LowRank()
