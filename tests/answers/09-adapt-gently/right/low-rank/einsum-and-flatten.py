class Thin(nn.Module):
    def __init__(self, like, rank):
        super().__init__()
        rows = like.flatten(1)
        self.register_parameter("B", nn.Parameter(rows.new_zeros(len(rows), rank)))
        A = nn.init.kaiming_uniform_(rows.new_empty(rank, rows.shape[1]))
        self.register_parameter("A", nn.Parameter(A))

    def forward(self, weight):
        change = torch.einsum("mr,rn->mn", self.B, self.A)
        return (weight.flatten(1) + change).reshape(weight.shape)

def low_rank(weight, rank):
    return Thin(weight.detach(), rank)
