# misconception: eval-freezes-affine
def train_new_head(model, images, labels, epochs):
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.requires_grad_(False)
    model.new.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for epoch in range(epochs):
        model.train()
        model.backbone.eval()
        for batch in torch.randperm(len(images)).split(8):
            logits = model(images[batch])[1]
            loss = F.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
