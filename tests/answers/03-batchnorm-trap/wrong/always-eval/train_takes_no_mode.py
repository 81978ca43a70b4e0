# misconception: wrong-result
class AlwaysEval(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone.eval()

    def train(self):
        return super().train(False)

    def forward(self, images):
        return self.backbone(images)


def always_eval(backbone):
    return AlwaysEval(backbone)
