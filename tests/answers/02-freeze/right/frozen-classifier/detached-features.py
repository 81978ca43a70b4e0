class Detach(nn.Module):
    def forward(self, features):
        return features.detach()


def frozen_classifier(make, n):
    model = make()
    model.fc = nn.Sequential(Detach(), nn.Linear(model.fc.in_features, n))
    return model
