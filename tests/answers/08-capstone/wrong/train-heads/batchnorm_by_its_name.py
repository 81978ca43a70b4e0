# misconception: batchnorm-by-name
def train_heads(model, images, fruit, rotten):
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=3e-3)
    for epoch in range(15):
        model.train()
        for name, layer in model.backbone.named_modules():
            if "bn" in name:
                layer.eval()
        for batch in torch.randperm(len(images)).split(20):
            _, of_fruit, of_rotten = model(images[batch])
            loss = F.cross_entropy(of_fruit, fruit[batch])
            loss = loss + F.cross_entropy(of_rotten, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
