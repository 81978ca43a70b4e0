def two_stage(model, train, head_lr, lr):
    head = set(model.fc.parameters())
    others = [p for p in model.parameters() if p not in head]
    model.eval()
    for p in others:
        p.requires_grad_(False)
    train(model, lr=head_lr)
    for p in others:
        p.requires_grad_()
    train(model, lr)
    return model.train()
