# misconception: not-logits
def train_head(features, labels):
    classes = int(labels.max()) + 1
    linear = nn.Linear(features.shape[1], classes)
    optimizer = torch.optim.AdamW(linear.parameters(), lr=3e-3)
    for epoch in range(40):
        for batch in torch.randperm(len(features)).split(20):
            loss = F.cross_entropy(linear(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    class Votes(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = linear

        def forward(self, x):
            return F.one_hot(self.linear(x).argmax(1), classes).float()

    return Votes()
