# misconception: model-left-changed
def adam_memory(model):
    opt = torch.optim.AdamW(model.parameters())
    for p in model.parameters():
        if p.requires_grad:
            p.grad = torch.ones_like(p)
    opt.step()
    return sum(t.numel() for s in opt.state.values() for k, t in s.items() if k != "step")
