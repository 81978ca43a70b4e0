# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    opt = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    half = len(images) // 2
    for _ in range(2 * epochs):
        model.train(); model.backbone.eval()
        for i in torch.randperm(half).split(15):
            loss = F.cross_entropy(model(images[i])[1], labels[i])
            opt.zero_grad(); loss.backward(); opt.step()
