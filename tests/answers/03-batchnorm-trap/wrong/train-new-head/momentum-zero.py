# misconception: batch-statistics-used
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.momentum = 0.0
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for epoch in range(epochs):
        model.train()
        for batch in torch.randperm(len(images)).split(8):
            logits = model(images[batch])[1]
            loss = F.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
