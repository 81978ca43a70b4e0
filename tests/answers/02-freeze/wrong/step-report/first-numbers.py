# misconception: values-left-out
def step_report(model, step):
    kinds = {"trainable": [p for p in model.parameters() if p.requires_grad],
             "frozen": [p for p in model.parameters() if not p.requires_grad], "buffers": list(model.buffers())}
    before = {kind: [t.flatten()[0].item() for t in tensors] for kind, tensors in kinds.items()}
    step()
    return {kind: (sum(bool(t.flatten()[0].item() != old) for t, old in zip(tensors, before[kind])), len(tensors)) for kind, tensors in kinds.items()}
