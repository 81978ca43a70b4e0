# misconception: wrong-result
def step_report(model, step):
    groups = {"trainable": [p for p in model.parameters() if p.requires_grad],
              "frozen": [p for p in model.parameters() if not p.requires_grad],
              "buffers": [b for b in model.buffers() if b.is_floating_point()]}
    before = {key: [t.detach().clone() for t in group] for key, group in groups.items()}
    step()
    return {key: (sum(not torch.equal(t, old) for t, old in zip(group, before[key])), len(group))
            for key, group in groups.items()}
