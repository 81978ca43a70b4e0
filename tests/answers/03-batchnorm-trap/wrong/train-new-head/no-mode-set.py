# misconception: frozen-part-in-train-mode
def train_new_head(model, images, labels, epochs):
    optimizer = torch.optim.Adam(model.new.parameters(), lr=3e-3)
    for epoch in range(epochs):
        for x, y in zip(images.split(10), labels.split(10)):
            old, new = model(x)
            optimizer.zero_grad()
            F.cross_entropy(new, y).backward()
            optimizer.step()
