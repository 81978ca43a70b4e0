# misconception: more-than-two-factors
class L(nn.Module):
    def __init__(self, w, r):
        super().__init__()
        self.A = nn.Parameter(torch.randn(r, w[0].numel(), dtype=w.dtype)); self.B = nn.Parameter(torch.zeros(len(w), r, dtype=w.dtype))
        self.first = [w.detach().clone()]
    def forward(self, w): return w + (self.B @ self.A).view_as(w)
low_rank = L
