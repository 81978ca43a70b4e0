# misconception: wrong-result
class Later(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def train(self, mode=True):
        return super().train(False)

    def forward(self, images):
        return self.backbone(images)


def always_eval(backbone):
    return Later(backbone)
