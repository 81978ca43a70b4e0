# misconception: loaded-not-strict
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    own, found = model.state_dict(), load_file(path)
    own.update({key: found[key] for key in found if key in own})
    model.load_state_dict(own)
    return model.eval(), card
