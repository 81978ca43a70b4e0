# misconception: wrong-result
def load_model(path, build):
    card = json.loads(safe_open(path, "pt").metadata()["card"])
    model = build(card); t = load_file(path)
    model.load_state_dict(t)
    return copy.deepcopy(model).eval(), card
