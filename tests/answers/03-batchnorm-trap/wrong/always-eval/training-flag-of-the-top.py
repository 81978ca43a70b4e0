# misconception: frozen-part-in-train-mode
class Frozen(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, images):
        self.training = False
        self.backbone.training = False
        return self.backbone(images)


def always_eval(backbone):
    return Frozen(backbone)
