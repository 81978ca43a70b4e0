from safetensors.torch import load_model as load_into

def load_model(path, build):
    with safe_open(str(path), framework="pt") as file:
        card = json.loads(file.metadata()["card"])
    model = build(card)
    load_into(model, str(path), strict=True)
    model.eval()
    return [model, card]
