# misconception: compared-with-itself
def step_report(model, step):
    before = dict(model.state_dict())
    step()
    parameters = dict(model.named_parameters())
    found = {"trainable": [0, 0], "frozen": [0, 0], "buffers": [0, 0]}
    for key, value in model.state_dict().items():
        kind = "buffers" if key not in parameters else "trainable" if parameters[key].requires_grad else "frozen"
        found[kind][0] += int(not torch.equal(value, before[key]))
        found[kind][1] += 1
    return found
