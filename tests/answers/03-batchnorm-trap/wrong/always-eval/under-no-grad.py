# misconception: no-grad-protects
def always_eval(backbone):
    class Quiet(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = backbone

        def forward(self, images):
            with torch.no_grad():
                return self.backbone(images)

    return Quiet()
