# misconception: wrong-result
def learned_weighting(model, lr):
    class C(nn.Module):
        def __init__(self):
            super().__init__(); self.s = nn.Parameter(torch.zeros(2))
        def forward(self, losses):
            return sum(torch.exp(-s) * l + s for s, l in zip(self.s, losses))
    c = C()
    return c, torch.optim.AdamW([{"params": model.parameters()}, {"params": c.parameters(), "weight_decay": 0}], lr=lr, maximize=True)
