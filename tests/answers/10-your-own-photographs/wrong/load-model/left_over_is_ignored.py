# misconception: loaded-not-strict
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    found = load_file(path)
    model.load_state_dict({key: found[key] for key in model.state_dict()})
    return model.eval(), card
