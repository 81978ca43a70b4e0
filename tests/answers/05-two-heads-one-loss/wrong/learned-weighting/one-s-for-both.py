# misconception: wrong-result
def learned_weighting(model, lr):
    class Combine(nn.Module):
        def __init__(self):
            super().__init__()
            self.s = nn.Parameter(torch.zeros(1))

        def forward(self, losses):
            return sum(torch.exp(-self.s[0]) * loss + self.s[0] for loss in losses)

    combine = Combine()
    return combine, torch.optim.AdamW([{"params": model.parameters()}, {"params": combine.parameters(), "weight_decay": 0}], lr=lr)
