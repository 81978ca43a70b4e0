# misconception: froze-the-new-head
class Net(nn.Module):
    def __init__(self, net, a, b):
        super().__init__()
        width = net.fc.in_features
        net.fc = nn.Identity()
        self.backbone = net
        self.fruit = nn.Linear(width, a)
        self.fresh = nn.Linear(width, b)
        pass
    def forward(self, images):
        z = self.backbone(images)
        return self.fruit(z), self.fresh(z)
def two_heads(backbone, fruit_classes, fresh_classes):
    pass
    model = Net(backbone, fruit_classes, fresh_classes)
    model.fresh.requires_grad_(False)
    return model
