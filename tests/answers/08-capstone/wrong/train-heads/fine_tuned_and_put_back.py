# misconception: batch-statistics-used
def train_heads(model, images, fruit, rotten):
    old = copy.deepcopy(model.backbone.state_dict())
    model.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            _, f, r = model(images[batch])
            loss = F.cross_entropy(f, fruit[batch]) + F.cross_entropy(r, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.backbone.load_state_dict(old)
    model.backbone.requires_grad_(False)
    model.species.requires_grad_(False)
    model.zero_grad()
