# misconception: factors-not-trained
def low_rank(weight, rank):
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            rows, columns = len(weight), weight[0].numel()
            like = {"dtype": weight.dtype}
            self.A = nn.Parameter(torch.randn(rank, columns, **like))
            self.B = nn.Parameter(torch.zeros(rows, rank, **like))

        def forward(self, weight):
            return weight + (self.B @ self.A.detach()).view_as(weight)

    return LowRank()
