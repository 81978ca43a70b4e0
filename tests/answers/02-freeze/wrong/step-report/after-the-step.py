# misconception: compared-with-itself
def step_report(model, step):
    step()
    kinds = {"trainable": [p for p in model.parameters() if p.requires_grad],
             "frozen": [p for p in model.parameters() if not p.requires_grad], "buffers": list(model.buffers())}
    before = {kind: [t.detach().clone() for t in tensors] for kind, tensors in kinds.items()}
    return {kind: (sum(not torch.equal(a, b) for a, b in zip(tensors, before[kind])), len(tensors)) for kind, tensors in kinds.items()}
