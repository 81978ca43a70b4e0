# misconception: logits-sliced
class FirstFew(nn.Module):
    def __init__(self, layer, n):
        super().__init__()
        self.layer, self.n = layer, n

    def forward(self, x):
        return self.layer(x)[:, :self.n]

def fruit_head(model, n):
    model.fc = FirstFew(model.fc, n)
    return model
