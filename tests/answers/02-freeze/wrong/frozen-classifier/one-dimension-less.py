# misconception: batch-dimension-lost
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    model.fc = nn.Sequential(nn.Linear(model.fc.in_features, n), Squeeze())
    return model


class Squeeze(nn.Module):
    def forward(self, logits):
        return logits.squeeze()
