# misconception: wrong-result
class Frozen(torchvision.ops.FrozenBatchNorm2d):
    def forward(self, x):
        if self.training:
            return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)
        return super().forward(x)


def freeze_batchnorm(model):
    for name, layer in model.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            frozen = Frozen(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            setattr(model, name, frozen)
        else:
            freeze_batchnorm(layer)
    return model
