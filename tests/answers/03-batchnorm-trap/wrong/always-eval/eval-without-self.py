# misconception: train-returns-nothing
class Frozen(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone.eval()

    def forward(self, images):
        return self.backbone(images)

    def train(self, mode=True):
        return super().train(False)

    def eval(self):
        pass


def always_eval(backbone):
    return Frozen(backbone)
