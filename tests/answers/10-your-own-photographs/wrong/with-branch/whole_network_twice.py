# misconception: backbone-run-twice
def with_branch(model, n):
    class Branched(nn.Module):
        def __init__(self):
            super().__init__()
            self.old = model.requires_grad_(False)
            self.new = copy.deepcopy(model)
            self.new.layer4.requires_grad_(True)
            self.new.fc = nn.Linear(model.fc.in_features, n)

        def forward(self, images):
            return self.old(images), self.new(images)

        def train(self, mode=True):
            super().train(mode)
            self.old.eval()
            return self

    return Branched()
