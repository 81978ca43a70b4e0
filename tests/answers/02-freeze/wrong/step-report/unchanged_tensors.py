# misconception: wrong-result
def step_report(model, step):
    parts = {"trainable": [], "frozen": [], "buffers": list(model.buffers())}
    for parameter in model.parameters():
        parts["trainable" if parameter.requires_grad else "frozen"].append(parameter)
    before = {part: [t.detach().clone() for t in tensors] for part, tensors in parts.items()}
    step()
    report = {}
    for part, tensors in parts.items():
        same = [torch.equal(a, b) for a, b in zip(before[part], tensors)]
        report[part] = sum(same), len(same)
    return report
