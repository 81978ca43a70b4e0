# misconception: wrong-result
def low_rank(weight, rank):
    A = nn.Parameter(torch.randn(rank, weight[0].numel(), dtype=weight.dtype))
    B = nn.Parameter(torch.zeros(len(weight), rank, dtype=weight.dtype))
    product = [B @ A]

    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.A, self.B = A, B

        def forward(self, weight):
            return weight + product[0].view_as(weight)

    return LowRank()
