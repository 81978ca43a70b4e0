# misconception: batch-statistics-used
import copy


def train_new_head(model, images, labels, epochs):
    before = copy.deepcopy(model.backbone.state_dict())
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    model.train()
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(8):
            loss = F.cross_entropy(model(images[batch])[1], labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.backbone.load_state_dict(before)
