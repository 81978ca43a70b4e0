def train_heads(model, images, fruit, rotten):
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    for module in model.backbone.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    data = torch.utils.data.TensorDataset(images, fruit, rotten)
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True, drop_last=True)
    for epoch in range(20):
        for x, f, r in loader:
            optimizer.zero_grad(set_to_none=False)
            _, a, b = model(x)
            (F.cross_entropy(a, f) + F.cross_entropy(b, r)).backward()
            optimizer.step()
