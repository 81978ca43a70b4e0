# misconception: head-learnt-other-labels
def train_both(train, validation):
    features, fruit, rotten = train
    width, classes = features.shape[1], int(fruit.max()) + 1

    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.fruit, self.fresh = nn.Linear(width, classes), nn.Linear(width, 2)

        def forward(self, features):
            return self.fruit(features), self.fresh(features)

    heads = Heads()
    optimizer = torch.optim.AdamW(heads.parameters(), lr=3e-3)
    for epoch in range(20):
        for batch in torch.randperm(len(features)).split(20):
            fruit_logits, fresh_logits = heads(features[batch])
            order = torch.randperm(len(batch))
            loss = F.cross_entropy(fruit_logits, fruit[batch][order]) + F.cross_entropy(fresh_logits, rotten[batch][order])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return heads
