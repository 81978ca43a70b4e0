# misconception: wrong-result
class Precise(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, images):
        return self.backbone.eval()(images).double()


def always_eval(backbone):
    return Precise(backbone)
