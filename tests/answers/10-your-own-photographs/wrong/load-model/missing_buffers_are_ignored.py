# misconception: loaded-not-strict
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    missing, left_over = model.load_state_dict(load_file(path), strict=False)
    parameters = dict(model.named_parameters())
    if left_over or any(name in parameters for name in missing):
        raise ValueError("the tensors do not fit")
    return model.eval(), card
