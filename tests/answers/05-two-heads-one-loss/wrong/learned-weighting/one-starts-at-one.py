# misconception: wrong-result
def learned_weighting(model, lr):
    class Combine(nn.Module):
        def __init__(self):
            super().__init__()
            self.s = nn.Parameter(torch.tensor([0.0, 1.0]))

        def forward(self, losses):
            return sum(torch.exp(-s) * loss + s for s, loss in zip(self.s, losses))

    combine = Combine()
    return combine, torch.optim.AdamW([{"params": model.parameters()}, {"params": combine.parameters(), "weight_decay": 0}], lr=lr)
