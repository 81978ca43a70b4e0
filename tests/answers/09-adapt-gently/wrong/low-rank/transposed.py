# misconception: wrong-result
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A = nn.Parameter(torch.randn(weight[0].numel(), rank, dtype=weight.dtype))
            self.B = nn.Parameter(torch.zeros(rank, len(weight), dtype=weight.dtype))

        def forward(self, weight):
            return weight + (self.A @ self.B).T.reshape(weight.shape)

    return LowRank()
