# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    linear = model.new[1]
    with torch.no_grad():
        features = model.backbone.eval()(images)
    optimizer = torch.optim.AdamW(linear.parameters(), lr=1e-2)
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(linear(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
