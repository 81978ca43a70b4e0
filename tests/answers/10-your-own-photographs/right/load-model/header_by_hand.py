def load_model(path, build):
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    card = json.loads(header["__metadata__"]["card"])
    model = build(card)
    model.load_state_dict(load_file(path), assign=True)
    return model.eval(), card
