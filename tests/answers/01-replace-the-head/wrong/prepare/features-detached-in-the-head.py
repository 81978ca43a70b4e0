# misconception: wrong-result
class Frozen(nn.Linear):
    def forward(self, features):
        with torch.no_grad():  # nothing before the head is trained
            return super().forward(features)

def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = Frozen(model.fc.in_features, n)
    return model, torch.optim.AdamW(model.fc.parameters(), lr=lr)
