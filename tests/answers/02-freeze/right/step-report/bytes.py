def step_report(model, step):
    def prints():
        return {key: value.detach().numpy().tobytes() for key, value in model.state_dict().items()}

    before, free = prints(), {name: p.requires_grad for name, p in model.named_parameters()}
    step()
    after = prints()
    lines = {"trainable": [], "frozen": [], "buffers": []}
    for key in before:
        lines["buffers" if key not in free else "trainable" if free[key] else "frozen"].append(before[key] != after[key])
    return {line: (sum(moved), len(moved)) for line, moved in lines.items()}
