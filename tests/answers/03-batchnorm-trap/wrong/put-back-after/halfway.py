# misconception: wrong-result
def put_back_after(backbone, train):
    snapshot = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    result = train()
    with torch.no_grad():
        for name, tensor in backbone.state_dict().items():
            tensor += snapshot[name] - tensor
    return result
