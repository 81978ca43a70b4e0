# misconception: model-left-changed
class Combine(nn.Module):
    def __init__(self):
        super().__init__()
        self.s = nn.Parameter(torch.zeros(2))
    def forward(self, losses):
        s = self.s
        return sum((-s[i]).exp() * losses[i] + s[i] for i in range(2))
def learned_weighting(model, lr):
    combine = Combine()
    optimizer = torch.optim.AdamW([{"params": model.parameters(), "weight_decay": 0.01}, {"params": combine.parameters(), "weight_decay": 0.0}], lr=lr)
    model.eval()
    return combine, optimizer
