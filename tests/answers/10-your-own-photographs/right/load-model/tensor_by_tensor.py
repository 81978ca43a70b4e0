def load_model(path, build):
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
        model = build(card)
        own = model.state_dict()
        assert set(own) == set(file.keys())
        for name in file.keys():
            own[name].copy_(file.get_tensor(name))
    return model.train(False), card
