def train_new_head(model, images, labels, epochs):
    opt = torch.optim.AdamW(model.new.parameters(), lr=2e-2)
    for _ in range(epochs):
        model.train(); model.backbone.eval()
        opt.zero_grad()
        for k, i in enumerate(torch.randperm(len(images)).split(9)):
            (F.cross_entropy(model(images[i])[1], labels[i]) / 2).backward()
            if k % 2:
                opt.step(); opt.zero_grad()
