# misconception: wrong-result
def step_report(model, step):
    step()
    t = [p for p in model.parameters() if p.requires_grad]
    f = [p for p in model.parameters() if not p.requires_grad]
    b = list(model.buffers())
    return {"trainable": (sum(p.grad is not None for p in t), len(t)), "frozen": (0, len(f)), "buffers": (0, len(b))}
