# misconception: averages-before-the-first-step
def adam_memory(model):
    opt = torch.optim.AdamW(model.parameters())
    return sum(s["exp_avg"].numel() for s in opt.state.values())
