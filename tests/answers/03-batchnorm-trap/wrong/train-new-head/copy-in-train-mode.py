# misconception: batch-statistics-used
def train_new_head(model, images, labels, epochs):
    backbone = copy.deepcopy(model.backbone).train()
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    model.new.train()
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(16):
            with torch.no_grad():
                features = backbone(images[batch])
            loss = F.cross_entropy(model.new(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
