class Cosine(nn.Module):
    def __init__(self, width, n):
        super().__init__()
        self.directions = nn.Parameter(torch.randn(n, width))
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, features):
        return self.scale * F.normalize(features) @ F.normalize(self.directions).T

def fruit_head(model, n):
    model.fc = Cosine(model.fc.in_features, n)
    return model
