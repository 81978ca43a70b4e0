# misconception: wrong-result
def train_both(train, validation):
    features, fruit, rotten = train

    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.fruit, self.fresh = nn.Linear(512, int(fruit.max()) + 1), nn.Linear(512, 2)

        def forward(self, features):
            return self.fruit(features), self.fresh(features)

    heads = Heads()
    optimizer = torch.optim.AdamW(heads.parameters(), lr=3e-3)
    for epoch in range(20):
        for batch in torch.randperm(len(features)).split(20):
            fruit_logits, fresh_logits = heads(features[batch])
            loss = F.cross_entropy(fruit_logits, fruit[batch]) + F.cross_entropy(fresh_logits, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return lambda features: heads(features)
