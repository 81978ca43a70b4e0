# misconception: wrong-result
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build({**card, "pretrained": False})
    model.load_state_dict(load_file(path))
    return model.eval(), card
