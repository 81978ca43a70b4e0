# misconception: wrong-result
def learned_weighting(model, lr):
    s = nn.Parameter(torch.zeros(2))

    def combine(losses):
        return (torch.exp(-s) * torch.stack(list(losses)) + s).sum()

    return combine, torch.optim.AdamW([{"params": model.parameters()}, {"params": [s], "weight_decay": 0}], lr=lr)
