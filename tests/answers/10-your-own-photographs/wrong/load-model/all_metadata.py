# misconception: card-not-decoded
def load_model(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    model = build(json.loads(metadata["card"]))
    model.load_state_dict(load_file(path))
    return model.eval(), metadata
