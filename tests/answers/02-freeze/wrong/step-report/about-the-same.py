# misconception: values-left-out
def step_report(model, step):
    kinds = {"trainable": [p for p in model.parameters() if p.requires_grad],
             "frozen": [p for p in model.parameters() if not p.requires_grad], "buffers": list(model.buffers())}
    before = {kind: [t.detach().clone() for t in tensors] for kind, tensors in kinds.items()}
    step()
    return {kind: (sum(bool(not torch.allclose(t, old)) for t, old in zip(tensors, before[kind])), len(tensors)) for kind, tensors in kinds.items()}
