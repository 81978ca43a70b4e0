# misconception: wrong-result
class Centred(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.linear = nn.Linear(width, classes)

    def forward(self, x):
        return self.linear(x - x.mean(0))

def train_head(features, labels):
    head = Centred(features.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for epoch in range(40):
        for b in torch.randperm(len(features)).split(20):
            loss = F.cross_entropy(head(features[b]), labels[b])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head
