from torchvision.models.feature_extraction import create_feature_extractor

def with_branch(model, n):
    trunk = create_feature_extractor(model.eval(), ["layer3"], suppress_diff_warning=True)

    class Branched(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk, self.layer4, self.fc = trunk, model.layer4, model.fc
            self.requires_grad_(False)
            self.mine = nn.ModuleDict({
                "layer4": copy.deepcopy(model.layer4).requires_grad_(True),
                "fc": nn.Linear(model.fc.in_features, n),
            })

        def forward(self, images):
            x = self.trunk(images)["layer3"]
            old = self.fc(model_pool(self.layer4(x)))
            return old, self.mine["fc"](model_pool(self.mine["layer4"](x)))

        def train(self, mode=True):
            self.training = mode
            self.mine.train(mode)
            return self

    def model_pool(x):
        return nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)

    return Branched()
