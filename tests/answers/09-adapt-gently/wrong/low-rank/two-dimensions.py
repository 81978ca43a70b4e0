# misconception: wrong-result
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
            self.B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))

        def forward(self, weight):
            return weight.flatten(1) + self.B @ self.A

    return LowRank()
