# misconception: backbone-run-twice
def three_heads(model):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            w = model.fc.in_features
            self.backbone, self.species = model.requires_grad_(False), model.fc
            self.backbone.fc = nn.Identity()
            self.fruit = nn.Linear(w, 6)
            self.rotten = nn.Linear(w, 2)
        def forward(self, images):
            seen = []
            hook = self.backbone.layer3.register_forward_hook(lambda m, i, o: seen.append(o))
            z = self.backbone(images)
            hook.remove()
            again = self.backbone.avgpool(self.backbone.layer4(seen[0])).flatten(1)
            return self.species(z), self.fruit(z), self.rotten(again)
    return Net()
