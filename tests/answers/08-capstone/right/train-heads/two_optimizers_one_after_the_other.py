def train_heads(model, images, fruit, rotten):
    model.backbone.eval()
    features = model.backbone(images).detach()
    for head, labels in ((model.fruit, fruit), (model.rotten, rotten)):
        optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)
        for step in range(150):
            optimizer.zero_grad()
            F.cross_entropy(head(features), labels).backward()
            optimizer.step()
