# misconception: wrong-result
def step_report(model, step):
    groups = {"trainable": [p for p in model.parameters() if p.requires_grad], "frozen": [p for p in model.parameters() if not p.requires_grad], "buffers": list(model.buffers())}
    before = {k: [t.detach().clone() for t in g] for k, g in groups.items()}
    step()
    return {k: (len(g), sum(not torch.equal(t, o) for t, o in zip(g, before[k]))) for k, g in groups.items()}
