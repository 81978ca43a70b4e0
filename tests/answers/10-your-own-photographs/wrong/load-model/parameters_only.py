# misconception: parameters-only
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    found = load_file(path)
    if set(found) != set(model.state_dict()):
        raise ValueError("the tensors do not fit")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(found[name])
    return model.eval(), card
