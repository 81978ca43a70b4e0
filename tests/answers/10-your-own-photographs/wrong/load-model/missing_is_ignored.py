# misconception: loaded-not-strict
def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    missing, left_over = model.load_state_dict(load_file(path), strict=False)
    assert not left_over
    return model.eval(), card
