# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    opt = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for _ in range(epochs):
        model.train(); model.backbone.eval()
        for i in torch.randint(len(images), (len(images),)).split(15):
            loss = F.cross_entropy(model(images[i])[1], labels[i])
            opt.zero_grad(); loss.backward(); opt.step()
