# misconception: loaded-not-strict
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    found = load_file(path)
    if len(found) != len(model.state_dict()):
        raise ValueError("the file has another number of tensors than the model")
    model.load_state_dict(found, strict=False)
    return model.eval(), card
