# misconception: will-diverge
def untie(model):
    with torch.no_grad():
        for branch in model.branches:
            for p in branch.parameters():
                p.add_(1e-3 * torch.randn_like(p))
    return model
