# misconception: wrong-result
class AsArray(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, images):
        with torch.no_grad():
            return self.backbone.eval()(images).numpy()


def always_eval(backbone):
    return AsArray(backbone)
