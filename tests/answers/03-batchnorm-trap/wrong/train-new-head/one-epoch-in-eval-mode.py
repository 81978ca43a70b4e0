# misconception: whole-model-eval
def train_new_head(model, images, labels, epochs):
    model.eval().requires_grad_(False)
    model.new.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for batch in torch.randperm(len(images)).split(2):
        loss = F.cross_entropy(model(images[batch])[1], labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
