def freeze_batchnorm(model):
    todo = [model]
    while todo:
        m = todo.pop()
        for n, c in list(m._modules.items()):
            if isinstance(c, nn.BatchNorm2d):
                f = torchvision.ops.FrozenBatchNorm2d(c.num_features, eps=c.eps)
                f.weight.data.copy_(c.weight.data)
                f.bias.data.copy_(c.bias.data)
                f.running_mean.copy_(c.running_mean)
                f.running_var.copy_(c.running_var)
                m._modules[n] = f
            else:
                todo.append(c)
    return model
