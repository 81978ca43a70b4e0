# misconception: standardised-outside-the-head
class Standardised(nn.Module):
    def __init__(self, width, fruits):
        super().__init__()
        self.fruit, self.fresh = nn.Linear(width, fruits), nn.Linear(width, 2)

    def forward(self, features):
        return self.fruit(features), self.fresh(features)


def train_both(train, validation):
    features, fruit, rotten = train
    features = (features - features.mean(0)) / (features.std(0) + 1e-6)
    model = Standardised(features.shape[1], int(fruit.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(25):
        for batch in torch.randperm(len(features)).split(20):
            first, second = model(features[batch])
            loss = F.cross_entropy(first, fruit[batch]) + F.cross_entropy(second, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
