# misconception: only-batchnorm2d
class Still(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.train()

    def forward(self, images):
        return self.backbone(images)

    def train(self, mode=True):
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, (nn.BatchNorm2d, nn.Dropout)):
                layer.eval()
        return self


def always_eval(backbone):
    return Still(backbone)
