# misconception: parameter-not-in-optimizer
def learned_weighting(model, lr):
    class Combine(nn.Module):
        def __init__(self):
            super().__init__()
            self.s = nn.Parameter(torch.zeros(2))

        def forward(self, losses):
            return torch.exp(-self.s[0]) * losses[0] + self.s[0] + torch.exp(-self.s[1]) * losses[1] + self.s[1]

    combine = Combine()
    return combine, torch.optim.AdamW(combine.parameters(), lr=lr, weight_decay=0)
