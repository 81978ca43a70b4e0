# misconception: more-than-two-factors
class Change(nn.Module):
    def __init__(self, w, r):
        super().__init__()
        self.template = w.detach().clone()
        self.A = nn.Parameter(torch.randn(r, w[0].numel(), dtype=w.dtype))
        self.B = nn.Parameter(torch.zeros(len(w), r, dtype=w.dtype))
    def forward(self, w):
        return w + (self.B @ self.A).view_as(self.template)
def low_rank(weight, rank):
    return Change(weight, rank)
