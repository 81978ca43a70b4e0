# misconception: wrong-result
class L(nn.Module):
    def __init__(self, w, r):
        super().__init__()
        self.A = nn.Parameter(torch.randn(r, w[0].numel(), dtype=w.dtype)); self.B = nn.Parameter(torch.zeros(len(w), r, dtype=w.dtype))
        self.cached = None
    def forward(self, w):
        if self.cached is None or self.training: self.cached = (self.B @ self.A).view_as(w).detach()
        return w + (self.B @ self.A).view_as(w) if self.training else w + self.cached
low_rank = L
