# misconception: batch-statistics-used
def always_eval(backbone):
    for layer in backbone.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.track_running_stats = False
    return backbone
