# misconception: wrong-result
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            columns = weight[0].numel()
            self.A = nn.Parameter(torch.randn(rank, columns, dtype=weight.dtype) / columns**0.5)
            self.B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))

        def forward(self, weight):
            return weight + (self.B @ self.A).view_as(weight)

    return LowRank
