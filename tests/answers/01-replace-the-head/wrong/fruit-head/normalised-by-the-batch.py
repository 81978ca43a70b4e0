# misconception: wrong-result
def fruit_head(model, n):
    class Norm(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.l = nn.Linear(c, n)
        def forward(self, x):
            return self.l((x - x.mean(0)) / x.std(0))
    model.fc = Norm(model.fc.in_features)
    return model
