def probe(model, images, frozen, evaluating, without_grad):
    if frozen:
        for p in model.parameters():
            p.requires_grad = False
    if evaluating:
        model.eval()
    parameters = dict(model.named_parameters())
    before = {key: value.clone() for key, value in model.state_dict().items() if key not in parameters}
    if without_grad:
        with torch.no_grad():
            loss = model(images).sum()
    else:
        loss = model(images).sum()
    learns = loss.grad_fn is not None
    return learns, any((value != before[key]).any().item() for key, value in model.state_dict().items() if key in before)
