# misconception: will-diverge
def untie(model):
    images = torch.randn(4, 3, 32, 32)
    wanted = [torch.randn_like(logits) for logits in model(images)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(3):
        loss = sum(F.mse_loss(logits, labels) for logits, labels in zip(model(images), wanted))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
