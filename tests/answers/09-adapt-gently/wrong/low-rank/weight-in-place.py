# misconception: wrong-result
class Change(nn.Module):
    def __init__(self, w, r):
        super().__init__()
        self.A = nn.Parameter(torch.randn(r, w[0].numel(), dtype=w.dtype))
        self.B = nn.Parameter(torch.zeros(len(w), r, dtype=w.dtype))
    def forward(self, w):
        w.data += (self.B @ self.A).view_as(w).data
        return w
def low_rank(weight, rank):
    return Change(weight, rank)
