# misconception: only-batchnorm2d
import torchvision
def train_new_head(model, images, labels, epochs):
    freeze_batchnorm(model.backbone)
    opt = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for _ in range(epochs):
        model.train()
        for i in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[i])[1], labels[i])
            opt.zero_grad(); loss.backward(); opt.step()
