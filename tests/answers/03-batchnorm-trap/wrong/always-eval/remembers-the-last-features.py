# misconception: wrong-result
class Cache(nn.Module):
    def __init__(self, b):
        super().__init__(); self.b = b.eval(); self.out = None
    def forward(self, x):
        self.b.eval()
        if self.out is None or len(self.out) != len(x):
            self.out = self.b(x)
        return self.out
def always_eval(backbone):
    return Cache(backbone)
