# misconception: nothing-returned
def load_model(path, build):
    with safe_open(path, "pt") as file:
        model = build(json.loads(file.metadata()["card"]))
    model.load_state_dict(load_file(path))
