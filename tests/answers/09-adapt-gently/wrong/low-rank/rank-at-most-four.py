# misconception: wrong-result
def low_rank(weight, rank):
    rank = min(rank, 4)
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            rows, columns = len(weight), weight[0].numel()
            like = {"dtype": weight.dtype, "device": weight.device}
            self.A = nn.Parameter(torch.randn(rank, columns, **like) / columns**0.5)
            self.B = nn.Parameter(torch.zeros(rows, rank, **like))

        def forward(self, weight):
            return weight + (self.B @ self.A).view_as(weight)

    return LowRank()
