# misconception: wrong-result
class OneLogit(nn.Linear):
    def forward(self, features):
        return super().forward(features).squeeze(1)

def fruit_head(model, n):
    model.fc = OneLogit(model.fc.in_features, 1) if n == 1 else nn.Linear(model.fc.in_features, n)
    return model
