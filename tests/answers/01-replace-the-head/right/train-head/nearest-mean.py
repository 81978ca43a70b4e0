class Nearest(nn.Module):
    def __init__(self, centres):
        super().__init__()
        self.register_buffer("centres", centres)
    def forward(self, x):
        return -torch.cdist(x, self.centres)
def train_head(features, labels):
    k = int(labels.max()) + 1
    return Nearest(torch.stack([features[labels == c].mean(0) for c in range(k)]))
