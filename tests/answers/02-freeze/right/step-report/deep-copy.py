def step_report(model, step):
    import copy
    old = copy.deepcopy(model)
    step()
    lines = {"trainable": [0, 0], "frozen": [0, 0], "buffers": [0, 0]}
    for p, q in zip(model.parameters(), old.parameters()):
        line = lines["trainable" if p.requires_grad else "frozen"]
        line[0] += (p != q).any().item()
        line[1] += 1
    for b, c in zip(model.buffers(), old.buffers()):
        lines["buffers"][0] += (b != c).any().item()
        lines["buffers"][1] += 1
    return lines
