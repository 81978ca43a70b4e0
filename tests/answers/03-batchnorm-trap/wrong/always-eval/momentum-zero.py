# misconception: batch-statistics-used
def always_eval(backbone):
    for layer in backbone.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.momentum = 0.0
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return backbone
