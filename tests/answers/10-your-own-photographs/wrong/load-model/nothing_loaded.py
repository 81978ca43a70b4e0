# misconception: wrong-result
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    if set(load_file(path)) != set(model.state_dict()):
        raise ValueError("the tensors do not fit")
    return model.eval(), card
