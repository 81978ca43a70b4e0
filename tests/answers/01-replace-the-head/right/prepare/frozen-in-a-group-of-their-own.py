def prepare(model, n, lr):
    backbone = [p.requires_grad_(False) for name, p in model.named_parameters() if name.split(".")[0] != "fc"]
    fruit_head(model, n)
    return model, torch.optim.AdamW([{"params": backbone, "lr": lr / 10}, {"params": model.fc.parameters()}], lr=lr)
