# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    with torch.no_grad():
        for p in model.branches.parameters():
            p.add_(1e-6 * torch.randn_like(p))
    return model
