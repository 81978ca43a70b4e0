# misconception: wrong-result
class Two(nn.Module):
    def __init__(self, width, a, b):
        super().__init__()
        pass
        self.fruit = nn.Linear(width, a)
        self.fresh = nn.Linear(width, b)
    def forward(self, z):
        z = (z - z.mean(0)) / (z.std(0) + 1e-3)
        return self.fruit(z), self.fresh(z)
def train_both(train, validation):
    x, fruit, rotten = train
    pass
    model = Two(x.shape[1], int(fruit.max()) + 1, 2)
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(30):
        model.train()
        for b in torch.randperm(len(x)).split(20):
            a, r = model(x[b])
            loss = F.cross_entropy(a, fruit[b]) + F.cross_entropy(r, rotten[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
    model.eval()
    return model
