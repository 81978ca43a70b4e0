def train_heads(model, images, fruit, rotten):
    old = {}
    for name, tensor in model.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            old[name] = tensor.clone()
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    model.train()
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            _, f, r = model(images[batch])
            loss = F.cross_entropy(f, fruit[batch]) + F.cross_entropy(r, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.load_state_dict(old, strict=False)
