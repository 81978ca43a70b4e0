# misconception: model-left-changed
def stored_numbers(model):
    total = 0
    with torch.no_grad():
        for p in model.parameters():
            if not (p == 12345).all():
                total += p.numel()
                p.fill_(12345)
    return total
