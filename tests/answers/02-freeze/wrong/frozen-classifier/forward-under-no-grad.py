# misconception: wrong-result
class Whole(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
    @torch.no_grad()
    def forward(self, x):
        return self.net(x)
def frozen_classifier(make, n):
    model = make()
    model.fc = nn.Linear(model.fc.in_features, n)
    return Whole(model)
