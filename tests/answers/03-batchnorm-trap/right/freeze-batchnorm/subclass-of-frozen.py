import torchvision
class MyFrozen(torchvision.ops.FrozenBatchNorm2d):
    @classmethod
    def of(cls, bn):
        f = cls(bn.num_features, bn.eps)
        f.load_state_dict(bn.state_dict(), strict=False)
        return f
def freeze_batchnorm(model):
    for parent in list(model.modules()):
        for n, c in list(parent.named_children()):
            if isinstance(c, nn.BatchNorm2d):
                setattr(parent, n, MyFrozen.of(c))
    return model
