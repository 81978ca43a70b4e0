# misconception: train-returns-nothing
class Still(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, images):
        return self.backbone(images)

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()


def always_eval(backbone):
    return Still(backbone)
