# misconception: model-left-changed
def step_report(model, step):
    groups = {"trainable": [p for p in model.parameters() if p.requires_grad], "frozen": [p for p in model.parameters() if not p.requires_grad], "buffers": list(model.buffers())}
    old = {k: [t.detach().clone() for t in v] for k, v in groups.items()}
    step()
    for p in groups["frozen"]:
        p.requires_grad = True
    return {k: (sum(not torch.equal(a, b) for a, b in zip(old[k], v)), len(v)) for k, v in groups.items()}
