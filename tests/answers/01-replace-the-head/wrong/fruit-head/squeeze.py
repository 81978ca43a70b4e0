# misconception: batch-dimension-lost
class Squeezed(nn.Linear):
    def forward(self, features):
        return super().forward(features).squeeze()

def fruit_head(model, n):
    model.fc = Squeezed(model.fc.in_features, n)
    return model
