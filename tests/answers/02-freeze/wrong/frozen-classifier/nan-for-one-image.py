# misconception: wrong-result
class Norm(nn.Module):
    def __init__(self, features, n):
        super().__init__()
        self.last = nn.Linear(features, n)
    def forward(self, x):
        return self.last((x - x.mean(0)) / x.std(0))
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    model.fc = Norm(model.fc.in_features, n)
    return model
