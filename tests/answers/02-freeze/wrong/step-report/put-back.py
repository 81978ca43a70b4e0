# misconception: model-left-changed
def step_report(model, step):
    import copy
    old = copy.deepcopy(model.state_dict())
    free = {name: p.requires_grad for name, p in model.named_parameters()}
    step()
    report = {"trainable": [0, 0], "frozen": [0, 0], "buffers": [0, 0]}
    for key, value in model.state_dict().items():
        kind = "buffers" if key not in free else "trainable" if free[key] else "frozen"
        report[kind][0] += not torch.equal(value, old[key])
        report[kind][1] += 1
    model.load_state_dict(old)
    return report
