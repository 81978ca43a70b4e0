# misconception: batch-statistics-used
def train_new_head(model, images, labels, epochs):
    state = copy.deepcopy(model.backbone.state_dict())
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for epoch in range(epochs):
        model.train()
        if epoch + 1 < epochs:
            model.backbone.eval()
        for batch in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[batch])[1], labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.backbone.load_state_dict(state)
