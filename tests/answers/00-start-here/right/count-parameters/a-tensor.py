def count_parameters(model):
    return torch.tensor([t.numel() for t in model.parameters()]).sum()
